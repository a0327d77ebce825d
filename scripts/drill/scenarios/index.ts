/** Every scenario there is, in the order in which `--all` plays them. */
import type { Scenario } from '../scenario.ts';
import { appConfigDown } from './appconfig-down.ts';
import { bothSick } from './both-sick.ts';
import { deathMidway } from './death-midway.ts';
import { flapping } from './flapping.ts';
import { partition } from './partition.ts';
import { regionalDns } from './regional-dns.ts';
import { blackHole, errorStorm, oldCodeReturns, slowRegion, throttling } from './whole-region.ts';

export const SCENARIOS: readonly Scenario[] = [
  regionalDns,
  blackHole,
  errorStorm,
  throttling,
  appConfigDown,
  slowRegion,
  flapping,
  partition,
  deathMidway,
  bothSick,
  oldCodeReturns,
];
