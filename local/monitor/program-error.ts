/** The program ended without a result: it refused its settings, threw, or a resource could not be made. */
import { stripVTControlCharacters } from 'node:util';

import { TwinmapError } from '../../functions/domain/errors.ts';

export class ProgramError extends TwinmapError {
  readonly code = 'TM_PROGRAM';
  readonly audience = 'user';
  override readonly name = 'ProgramError';
}

const PREAMBLE = /^Running program '[^']*' failed with an unhandled exception:\n/u;

/** The message without the frames of the stack and the host's preamble: they say nothing to who runs the program. */
export const readableError = (message: string): string =>
  stripVTControlCharacters(message)
    .replace(PREAMBLE, '')
    .split('\n')
    .filter((line) => !/^\s+at\s/u.test(line) && line.trim() !== '')
    .join('\n')
    .trim();
