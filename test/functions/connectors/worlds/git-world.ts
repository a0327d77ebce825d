/** Files in a real repository behind a real git server, with a front that breaks requests. */
import { git } from '../../../../functions/connectors/git/git-kind.ts';
import type { Connector } from '../../../../functions/connectors/connector.ts';
import type { ConnectorHarness, WorldFault } from '../../../contracts/connector-world.ts';
import type { Fault, SeenRequest } from '../git/fault-front.ts';
import { GitWorld } from '../git/git-world.ts';
import { settingFor } from './fake-world.ts';

const faultFor = (fault: WorldFault, request: SeenRequest): Fault | null => {
  switch (fault.kind) {
    case 'status': {
      return { kind: 'status', status: fault.status };
    }
    case 'cut': {
      return request.method === 'GET' ? null : { kind: 'reset', afterBytes: 30 };
    }
    case 'silent': {
      return { kind: 'silent' };
    }
    case 'throttle': {
      return { kind: 'status', status: 429, headers: { 'retry-after': String(fault.seconds) } };
    }
    case 'short': {
      // The pack with the listing ends early, in good order.
      return request.method === 'POST' && request.body.includes('want ') ? { kind: 'end', afterBytes: 200 } : null;
    }
    case 'none':
    case 'later-page':
    case 'poison':
    case 'forbid': {
      return null;
    }
  }
};

export const gitHarness: ConnectorHarness = {
  name: 'git',
  create: async () => {
    const world = await GitWorld.create();
    const open: Connector[] = [];
    const idOf = (key: string): string => `docs/${key}.md`;
    const token = 'git-token-6b0d';
    const setFault = (fault: WorldFault): void => {
      let left = fault.kind === 'throttle' ? fault.times : Number.POSITIVE_INFINITY;
      world.front.fault = (request) => {
        const found = faultFor(fault, request);
        left -= found === null ? 0 : 1;
        return left < 0 ? null : found;
      };
    };
    const files = new Map<string, string>();
    return {
      open: (options) => {
        const connector = git.open(
          { repositories: [{ url: world.url }], credentials: { token: 'env:TOKEN' } },
          settingFor(
            world.front.origin,
            { TOKEN: token },
            {
              directory: world.scratch,
              http: { bounds: { retryDelayMs: 1, callTimeoutMs: options?.callTimeoutMs ?? 10_000 } },
            },
          ),
        );
        open.push(connector);
        return connector;
      },
      put: async (documents) => {
        const named = Object.entries(documents).map(([key, text]) => [idOf(key), text] as const);
        named.forEach(([name, text]) => files.set(name, text));
        world.repository.put(Object.fromEntries(named));
      },
      putTextless: async (key) => {
        world.repository.commit([{ op: 'put', path: idOf(key), content: Buffer.from([1, 0, 2]) }]);
        return 'binary';
      },
      rename: async (from, to) => {
        files.set(idOf(to), files.get(idOf(from)) ?? '');
        files.delete(idOf(from));
        world.repository.commit([{ op: 'rename', from: idOf(from), to: idOf(to) }]);
      },
      remove: async (key) => {
        files.delete(idOf(key));
        world.repository.commit([{ op: 'remove', path: idOf(key) }]);
      },
      expireCursors: async () => {
        const changes = [...files].map(([path, content]) => ({ op: 'put', path, content }) as const);
        world.repository.commit(changes, { orphan: true });
        world.repository.prune();
      },
      idOf,
      freeze: () => undefined,
      setFault,
      elapse: () => undefined,
      sleeps: [],
      limits: {
        laterPage: 'the listing of a commit is one answer',
        poison: 'a damaged file is skipped as unreadable (git-damage.test.ts); permissions are of whole repositories',
        sameInstant: 'a commit is found by its id, not by a time',
      },
      secrets: [token, Buffer.from(`x-access-token:${token}`).toString('base64'), 'theta', 'gamma'],
      close: async () => {
        await Promise.all(open.map(async (connector) => connector.close()));
        await world.close();
      },
    };
  },
};
