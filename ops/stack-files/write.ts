/** Writes edited stack files together: all of them or none, and none that somebody has changed since it was read. */
import { randomUUID } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';

import { type StackFile, StackFileError } from './stack-file.ts';

export interface FileEdit {
  readonly before: StackFile;
  readonly after: StackFile;
}

interface Staged {
  readonly edit: FileEdit;
  /** Behind a symbolic link, the file itself: the link stays. */
  readonly target: string;
  readonly next: string;
  readonly mode: number;
}

const why = (error: unknown): string => (error instanceof Error ? error.message : 'unknown failure');

/** On the disk before it takes the old one's place: after a power cut there is the one or the other. */
const writeDurably = async (file: string, text: string, mode: number): Promise<void> => {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const locate = async (edit: FileEdit): Promise<Staged> => {
  const target = await realpath(edit.before.file);
  const { mode } = await stat(target);
  return { edit, target, next: `${target}.${randomUUID()}.new`, mode: mode & 0o777 };
};

const stage = async ({ edit, target, next, mode }: Staged): Promise<void> => {
  const { before, after } = edit;
  if ((await readFile(target, 'utf8')) !== before.text) {
    throw new StackFileError(
      `${before.name} was changed by somebody since it was read; nothing was written, try again`,
    );
  }
  await writeDurably(next, after.text, mode);
};

type Move = (from: string, to: string) => Promise<void>;

const restore = async (done: readonly Staged[], move: Move): Promise<void> => {
  for (const { edit, target, next, mode } of done) {
    await writeDurably(next, edit.before.text, mode);
    await move(next, target);
  }
};

const commit = async (staged: readonly Staged[], move: Move): Promise<void> => {
  const done: Staged[] = [];
  try {
    for (const one of staged) {
      await move(one.next, one.target);
      done.push(one);
    }
  } catch (error) {
    await restore(done, move);
    throw new StackFileError(`the stack files could not be written, and are as they were: ${why(error)}`, {
      cause: error,
    });
  }
};

/** `move` puts a written file in the old one's place, in one step. */
export const writeStackFiles = async (edits: readonly FileEdit[], move: Move = rename): Promise<void> => {
  const changed = edits.filter(({ before, after }) => before.text !== after.text);
  let staged: readonly Staged[] = [];
  try {
    staged = await Promise.all(changed.map(async (edit) => locate(edit)));
    for (const one of staged) {
      await stage(one);
    }
    await commit(staged, move);
  } catch (error) {
    throw error instanceof StackFileError
      ? error
      : new StackFileError(`the stack files could not be written; nothing was changed: ${why(error)}`, {
          cause: error,
        });
  } finally {
    await Promise.all(staged.map(async ({ next }) => rm(next, { force: true })));
  }
};
