/** Which code a function runs, as Lambda tells it: the hash of its bundle's files. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import type { FunctionDescription } from '../services/lambda/lambda-stand-in.ts';
import type { FunctionSpec } from './services.ts';

export const describeFunction = async (spec: FunctionSpec): Promise<FunctionDescription> => {
  const hash = createHash('sha256');
  const files = await readdir(spec.codeDirectory, { recursive: true, withFileTypes: true });
  const names = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
  for (const name of names.toSorted()) {
    hash.update(path.relative(spec.codeDirectory, name)).update(await readFile(name));
  }
  const { name, arn, memoryMb, timeoutSeconds } = spec;
  return { name, arn, codeSha256: hash.digest('base64'), memoryMb, timeoutSeconds };
};
