/** Files in a temporary folder. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { files } from '../../../../functions/connectors/files/files.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { settingFor } from './fake-world.ts';

export const filesHarness: ConnectorHarness = {
  name: 'files',
  create: async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'twinmap-files-'));
    const folder = path.join(home, 'docs');
    mkdirSync(folder);
    const idOf = (key: string): string => (key === 'picture' ? 'picture.png' : `sub-${key.slice(0, 1)}/${key}.md`);
    const fileOf = (key: string): string => {
      const file = path.join(folder, idOf(key));
      mkdirSync(path.dirname(file), { recursive: true });
      return file;
    };
    let away = false;
    return {
      open: () => files.open({ path: folder }, { ...settingFor('http://127.0.0.1:1', {}), localFiles: true }),
      put: async (documents) => {
        for (const [key, text] of Object.entries(documents)) {
          writeFileSync(fileOf(key), text);
        }
      },
      putTextless: async (key) => {
        writeFileSync(fileOf(key), Buffer.from([1, 0, 2]));
        return 'binary';
      },
      rename: async (from, to) => {
        renameSync(fileOf(from), fileOf(to));
      },
      remove: async (key) => {
        rmSync(fileOf(key));
      },
      idOf,
      freeze: () => undefined,
      setFault: (fault) => {
        if ((fault.kind === 'short') !== away) {
          away = fault.kind === 'short';
          renameSync(away ? folder : `${folder}-away`, away ? `${folder}-away` : folder);
        }
      },
      elapse: () => undefined,
      sleeps: [],
      limits: {
        throttle: 'a folder does not ask for patience',
        fault: 'a folder has no wire that could break, and one owner who may read all of it',
        expiry: 'every pull walks the folder, so no cursor expires',
        sameInstant: 'every pull walks the folder, whenever a file changed',
      },
      secrets: ['theta', 'gamma'],
      close: async () => {
        rmSync(home, { recursive: true, force: true });
      },
    };
  },
};
