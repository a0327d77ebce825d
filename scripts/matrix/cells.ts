/**
 * What the matrix crosses, and what is expected of each cell, as pure data: fifteen faults, three services, two sides, three
 * operations. `calls` says whether the operation asks that service of that side at all; where it does not, a fault there
 * must go unnoticed.
 */
import type { Side } from '../../functions/domain/region.ts';
import type { FaultRule } from '../../local/services/faults.ts';

/** Over the budget of an interactive write, under the bounds of everything else. */
const DELAY_MS = 1200;

export const FAULTS = [
  'refuse',
  'blackhole',
  'tls-stall',
  'header-stall',
  'body-stall',
  'reset',
  'delay',
  'error-503',
  'throttle',
  'truncate',
  'lost-reply',
  'dns-empty',
  'dns-nxdomain',
  'dns-servfail',
  'dns-silent',
] as const;
export const SERVICES = ['dynamodb', 's3vectors', 'appconfig'] as const;
export const SIDES: readonly Side[] = ['home', 'peer'];
export const OPERATIONS = ['sync', 'write', 'search'] as const;

export type MatrixFault = (typeof FAULTS)[number];
export type MatrixService = (typeof SERVICES)[number];
export type Operation = (typeof OPERATIONS)[number];

export interface Cell {
  readonly fault: MatrixFault;
  readonly service: MatrixService;
  readonly side: Side;
  readonly operation: Operation;
}

export interface Expected {
  readonly outcome: string;
  readonly calls: 'some' | 'none';
}

export const ruleOf = (fault: MatrixFault, service: MatrixService): FaultRule =>
  fault === 'delay' ? { service, mode: fault, delayMs: DELAY_MS } : { service, mode: fault };

/** Who asks whom: a row per service and side, a column per operation. */
const ASKS: Readonly<Record<MatrixService, Readonly<Record<Side, readonly Operation[]>>>> = {
  dynamodb: { home: ['sync', 'write', 'search'], peer: ['sync', 'write'] },
  s3vectors: { home: ['sync', 'search'], peer: ['sync'] },
  appconfig: { home: ['sync'], peer: [] },
};

const UNDISTURBED: Readonly<Record<Operation, string>> = { sync: 'acknowledged', write: 'both', search: 'found' };

const syncOutcome = ({ fault, service, side }: Cell): string => {
  // Without its gate a Region does nothing, for whatever reason it can't read it.
  if (side === 'home' && service !== 's3vectors') {
    return 'passive';
  }
  return `not acknowledged: ${side} ${fault === 'throttle' ? 'throttled' : 'unreachable'}`;
};

export const expectedOf = (cell: Cell): Expected => {
  const { fault, service, side, operation } = cell;
  if (!ASKS[service][side].includes(operation)) {
    return { outcome: UNDISTURBED[operation], calls: 'none' };
  }
  // A slow service is slow, except for who has a budget.
  if (fault === 'delay' && !(operation === 'write' && side === 'peer')) {
    return { outcome: UNDISTURBED[operation], calls: 'some' };
  }
  switch (operation) {
    case 'sync': {
      return { outcome: syncOutcome(cell), calls: 'some' };
    }
    case 'write': {
      return { outcome: 'owed', calls: 'some' };
    }
    case 'search': {
      // Words go on where vectors can't be asked.
      if (service === 's3vectors') {
        return { outcome: 'found without vectors', calls: 'some' };
      }
      return { outcome: `failed: ${fault === 'throttle' ? 'throttled' : 'unreachable'}`, calls: 'some' };
    }
  }
};

export const allCells = (): readonly Cell[] =>
  SERVICES.flatMap((service) =>
    SIDES.flatMap((side) =>
      OPERATIONS.flatMap((operation) => FAULTS.map((fault) => ({ fault, service, side, operation }))),
    ),
  );

export const nameOf = ({ fault, service, side, operation }: Cell): string =>
  `${operation} with ${fault} of ${service} at ${side}`;
