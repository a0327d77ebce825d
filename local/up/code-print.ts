/** A fingerprint of a built function: the program declares its folder, and a new build is in the same one. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const FUNCTION_TYPE = 'aws:lambda/function:Function';

const printOf = async (directory: string): Promise<string> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of files.toSorted((left, right) => (left < right ? -1 : 1))) {
    hash.update(`${path.relative(directory, file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
};

/** Empty for what is no function, and for a folder that can't be read: the function's own handler tells of that. */
export const codePrintOf = async ({
  type,
  inputs,
}: {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}): Promise<string> => {
  const directory = inputs['code'];
  if (type !== FUNCTION_TYPE || typeof directory !== 'string') {
    return '';
  }
  try {
    return await printOf(directory);
  } catch {
    // Told with its reason when the function is made.
    return '';
  }
};
