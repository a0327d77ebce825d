/**
 * Loaded before the language host. The host maps every frame of a stack that each resource's constructor takes back to its
 * source, which costs half of a run; the program runs as it is written, so there is nothing to map.
 */
import { createRequire } from 'node:module';

const hostRequire = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run'));
const support = hostRequire('source-map-support') as { install: () => void };

support.install = (): void => undefined;
