/** Where the table lies: beside `index.mjs` in a bundle, in `functions/embed/model` in a checkout. */
import { join } from 'node:path';

export const MODEL_FILE_NAME = 'static-256.bin';

export const modelFilePath = (directory: string): string => join(directory, MODEL_FILE_NAME);
