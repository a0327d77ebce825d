/** The git connector's pulls stay on one commit, with real repositories behind the local git server. */
import { type ConnectorHarness, snapshotContract, type SourceTrouble } from '../../../contracts/snapshot-connector.ts';
import type { Fault, SeenRequest } from './fault-front.ts';
import { GitWorld } from './git-world.ts';
import type { FileChange } from './test-repository.ts';

const faultFor = (trouble: SourceTrouble, request: SeenRequest): Fault | null => {
  switch (trouble) {
    case 'none': {
      return null;
    }
    case 'refuses': {
      return { kind: 'status', status: 401 };
    }
    case 'fails': {
      return { kind: 'status', status: 500 };
    }
    case 'cuts': {
      return request.method === 'GET' ? null : { kind: 'reset', afterBytes: 30 };
    }
    case 'silent': {
      return { kind: 'silent' };
    }
  }
};

const putAll = (documents: Readonly<Record<string, string>>): FileChange[] =>
  Object.entries(documents).map(([path, content]) => ({ op: 'put', path, content }));

const harness: ConnectorHarness = {
  create: async () => {
    const world = await GitWorld.create();
    return {
      secrets: ['alpha', 'theta'],
      open: (options) => world.open({ bounds: { fetchDocumentsMax: 3, callTimeoutMs: 10_000, ...options } }),
      put: async (documents) => {
        world.repository.put(documents);
      },
      rename: async (from, to) => {
        world.repository.commit([{ op: 'rename', from, to }]);
      },
      remove: async (id) => {
        world.repository.commit([{ op: 'remove', path: id }]);
      },
      forget: async (documents) => {
        world.repository.commit(putAll(documents), { orphan: true });
        world.repository.prune();
      },
      putTextless: async (id) => {
        world.repository.commit([{ op: 'put', path: id, content: Buffer.from([1, 0, 2]) }]);
        return 'binary';
      },
      setTrouble: (trouble) => {
        world.front.fault = (request) => faultFor(trouble, request);
      },
      close: async () => {
        await world.close();
      },
    };
  },
};

snapshotContract('git', harness);
