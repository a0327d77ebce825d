/** A function's spec and its bundle in a folder; without the test framework, so that a separate program can use it too. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FunctionSpec } from '../../../local/region/services.ts';

export const REGION = 'us-east-2';
export const ACCOUNT_ID = '111122223333';

export const functionArn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${name}`;

let bundles = 0;

export const writeBundle = async (directory: string, source: string): Promise<string> => {
  bundles += 1;
  const codeDirectory = path.join(directory, `bundle-${bundles}`);
  await mkdir(codeDirectory);
  await writeFile(path.join(codeDirectory, 'index.mjs'), source);
  return codeDirectory;
};

export const specOf = (name: string, codeDirectory: string, spec: Partial<FunctionSpec> = {}): FunctionSpec => ({
  name,
  arn: functionArn(name),
  roleArn: `arn:aws:iam::${ACCOUNT_ID}:role/${name}`,
  codeDirectory,
  handler: 'index.handler',
  memoryMb: 256,
  timeoutSeconds: 20,
  ephemeralStorageMb: 512,
  environment: {},
  ...spec,
});
