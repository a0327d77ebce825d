/** Whether the program declares that every endpoint is on this machine: then sources may be too, and secrets of the environment. */
import type { Environment } from './environment.ts';

export const isLocalRun = (environment: Environment): boolean => environment['TWINMAP_LOCAL_RUN'] === '1';
