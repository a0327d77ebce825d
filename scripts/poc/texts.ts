/**
 * What an organisation of this size writes about its systems: pages, tickets and files that name services, owners, Regions and each
 * other. Made from a number alone, so that every run reads the same words.
 */

export interface WrittenItem {
  readonly title: string;
  readonly paragraphs: readonly string[];
}

const SERVICES = ['checkout', 'ledger', 'catalogue', 'search', 'identity', 'billing', 'shipping', 'inventory'] as const;
const PARTS = ['api', 'worker', 'store', 'scheduler', 'gateway', 'console'] as const;
const REGIONS = ['us-east-1', 'us-east-2', 'us-west-2', 'eu-central-1'] as const;
const TEAMS = ['payments', 'platform', 'discovery', 'fulfilment', 'security'] as const;
const SYMPTOMS = [
  'answers slowly after a deployment',
  'refuses connections for a minute',
  'shows yesterday’s prices',
  'fills its queue and does not drain it',
  'loses its place in the change feed',
  'asks the wrong Region after a restart',
] as const;
const REMEDIES = [
  'Scale the workers to twice their number and watch the age of the oldest message.',
  'Turn the flag off in the console, wait for two minutes, then turn it on again.',
  'Drain the node, restart it, and put it back when its health check is green for five minutes.',
  'Restore the table to the last point before the change, beside the live one, and compare them.',
  'Send the traffic to the other Region by hand; nothing else has to be changed for that.',
] as const;
const KINDS = ['Runbook', 'Decision', 'Design', 'Review', 'Checklist', 'Report'] as const;

const pick = <T>(list: readonly T[], number: number): T => {
  const found = list[number % list.length];
  if (found === undefined) {
    throw new RangeError('an empty list has nothing to pick');
  }
  return found;
};

/** Spreads neighbouring numbers; plain remainders would pair the same words for ever. */
const scatter = (number: number, salt: number): number =>
  Math.abs(Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)) >>> 3;

export const serviceOf = (number: number): string =>
  `${pick(SERVICES, scatter(number, 1))}-${pick(PARTS, scatter(number, 2))}`;

export const writeItem = (number: number): WrittenItem => {
  const service = serviceOf(number);
  const other = serviceOf(number + 7);
  const region = pick(REGIONS, scatter(number, 3));
  const team = pick(TEAMS, scatter(number, 4));
  const symptom = pick(SYMPTOMS, scatter(number, 5));
  return {
    title: `${pick(KINDS, scatter(number, 6))} ${String(number)}: ${service} ${symptom}`,
    paragraphs: [
      `The ${service} runs in ${region} and is looked after by the ${team} team. It calls the ${other} for every order, and keeps ` +
        `its own copy of what it was told for ${String(5 + (scatter(number, 7) % 55))} minutes.`,
      `On the ${String(1 + (scatter(number, 8) % 28))}th it was seen that the ${service} ${symptom}. ` +
        `${String(1 + (scatter(number, 9) % 40))} customers wrote in; the graphs showed it ${String(2 + (scatter(number, 10) % 20))} minutes earlier.`,
      pick(REMEDIES, scatter(number, 11)),
      `If that does not help, ask whoever is on call for ${team}, and read what was done for the ${other} in item ${String(scatter(number, 12) % (number + 1))}.`,
    ],
  };
};
