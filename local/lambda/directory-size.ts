/** How many bytes the files below a folder have; what vanishes while it is counted is not counted. */
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

const entriesOf = async (directory: string): Promise<readonly Dirent[]> => {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch {
    return [];
  }
};

const fileBytes = async (file: string): Promise<number> => {
  try {
    return (await lstat(file)).size;
  } catch {
    return 0;
  }
};

/** Stops as soon as it has seen more than `bytesMax`, so that a full folder is not walked to its end. */
export const directoryBytes = async (root: string, bytesMax: number): Promise<number> => {
  let bytes = 0;
  const waiting = [root];
  for (let directory = waiting.pop(); directory !== undefined && bytes <= bytesMax; directory = waiting.pop()) {
    for (const entry of await entriesOf(directory)) {
      const full = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        waiting.push(full);
      } else {
        bytes += await fileBytes(full);
      }
    }
  }
  return bytes;
};
