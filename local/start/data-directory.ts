/** The data folder belongs to one running pair at a time; while it runs, `running.json` says where the pair is. */
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { isAlive, RUNNING_FILE, type RunningPair } from '../../ops/running-pair.ts';

const LOCK_FILE = 'lock';

const holderOf = async (file: string): Promise<number | undefined> => {
  const pid = Number((await readFile(file, 'utf8')).trim());
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
};

const takeLock = async (file: string): Promise<boolean> => {
  try {
    // Linked in one step with its content: a lock is never seen empty.
    const own = `${file}.${process.pid}`;
    await writeFile(own, `${process.pid}\n`);
    try {
      await link(own, file);
    } finally {
      await rm(own, { force: true });
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return false;
    }
    throw new ConfigError(`${path.dirname(file)} can't be written; choose another folder with --data DIR`, {
      cause: error,
    });
  }
};

export interface HeldDirectory {
  announce(pair: RunningPair): Promise<void>;
  release(): Promise<void>;
}

/** Takes the folder, also after a run that was killed; refuses while another run is alive. */
export const holdDirectory = async (directory: string): Promise<HeldDirectory> => {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw new ConfigError(`${directory} can't be used as data folder; choose another with --data DIR`, {
      cause: error,
    });
  }
  const lock = path.join(directory, LOCK_FILE);
  if (!(await takeLock(lock))) {
    const holder = await holderOf(lock);
    if (holder !== undefined) {
      throw new ConfigError(
        `${directory} is in use by process ${holder}; stop it with Ctrl-C, or choose another folder with --data DIR`,
      );
    }
    await rm(lock, { force: true });
    if (!(await takeLock(lock))) {
      throw new ConfigError(`${directory} was taken by another start just now; choose another folder with --data DIR`);
    }
  }
  const running = path.join(directory, RUNNING_FILE);
  return {
    announce: async (pair) => {
      await writeFile(`${running}.new`, `${JSON.stringify(pair, null, 2)}\n`);
      await rename(`${running}.new`, running);
    },
    release: async () => {
      await rm(running, { force: true });
      await rm(lock, { force: true });
    },
  };
};
