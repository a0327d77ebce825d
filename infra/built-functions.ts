/** Refuses to declare functions whose code is not built: the engine would only say that a folder is missing. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { FUNCTION_NAMES } from './names.ts';

/** The bundles that are missing, as paths. */
export const missingBundles = (functionsDirectory: string, more: readonly string[] = []): readonly string[] =>
  [...FUNCTION_NAMES, ...more]
    .map((name) => path.join(functionsDirectory, name, 'index.mjs'))
    .filter((file) => !existsSync(file));
