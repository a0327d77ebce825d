/** What Lambda, or the bundle's own folder, would refuse about a function: said when it is provisioned, not when it runs. */
import { access, realpath } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../functions/domain/errors.ts';
import type { FunctionSpec } from '../region/services.ts';
import { checkDeclaredEnvironment } from './environment-launch.ts';

const MEMORY_MB_MIN = 128;
const MEMORY_MB_MAX = 10_240;
const TIMEOUT_SECONDS_MAX = 900;
const EPHEMERAL_STORAGE_MB_MIN = 512;
const EPHEMERAL_STORAGE_MB_MAX = 10_240;

const within = (spec: FunctionSpec, what: string, value: number, [min, max]: readonly [number, number]): void => {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(
      `Function ${spec.name} declares ${what} = ${value}; Lambda takes whole numbers from ${min} to ${max}.`,
    );
  }
};

const handlerFile = (spec: FunctionSpec): string => {
  const dot = spec.handler.lastIndexOf('.');
  if (dot < 1 || dot === spec.handler.length - 1) {
    throw new ConfigError(
      `Function ${spec.name} declares the handler ${JSON.stringify(spec.handler)}; it must read like "index.handler": a file, a dot, and the name of its export.`,
    );
  }
  return path.join(spec.codeDirectory, `${spec.handler.slice(0, dot)}.mjs`);
};

/** The spec as it may run, its code folder without symbolic links (the permission model compares real paths). */
export const checkFunction = async (spec: FunctionSpec): Promise<FunctionSpec> => {
  if (!/^[A-Za-z0-9_-]{1,64}$/u.test(spec.name)) {
    throw new ConfigError(
      `${JSON.stringify(spec.name)} is no function name: Lambda takes 1 to 64 letters, digits, hyphens and underscores.`,
    );
  }
  within(spec, 'memoryMb', spec.memoryMb, [MEMORY_MB_MIN, MEMORY_MB_MAX]);
  within(spec, 'timeoutSeconds', spec.timeoutSeconds, [1, TIMEOUT_SECONDS_MAX]);
  within(spec, 'ephemeralStorageMb', spec.ephemeralStorageMb, [EPHEMERAL_STORAGE_MB_MIN, EPHEMERAL_STORAGE_MB_MAX]);
  checkDeclaredEnvironment(spec);
  const file = handlerFile(spec);
  try {
    await access(file);
  } catch (error) {
    throw new ConfigError(`Function ${spec.name} has no file ${file}. Build the bundles first, then start again.`, {
      cause: error,
    });
  }
  return { ...spec, codeDirectory: await realpath(spec.codeDirectory) };
};
