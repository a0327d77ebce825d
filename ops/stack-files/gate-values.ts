/** What the two stack files say of the gate, checked: the same words and bounds as the program that deploys them. */
import { z } from 'zod';

import { type Role, ROLES } from '../../functions/domain/region.ts';
import { readStackFile, type StackFile, StackFileError, valueOf } from './stack-file.ts';

export const KEYS = {
  region: 'aws:region',
  role: 'twinmap:role',
  peerRegion: 'twinmap:peerRegion',
  active: 'twinmap:isActiveForScheduledWork',
  peerWrites: 'twinmap:peerWrites',
  epoch: 'twinmap:gateEpoch',
  changedAt: 'twinmap:gateChangedAt',
  changedBy: 'twinmap:gateChangedBy',
  reason: 'twinmap:gateReason',
  freeze: 'twinmap:freeze',
} as const;

export const EPOCH_MAX = 99_999_999;

/** Written by a failover; a deployment refuses while it is there. */
export interface Freeze {
  readonly reason: string;
  readonly by: string;
  readonly at: string;
}

export interface StackGate {
  readonly file: StackFile;
  readonly region: string;
  readonly active: boolean;
  readonly peerWrites: 'required' | 'deferred';
  readonly epoch: number;
  /** In one sentence; undefined where nobody froze the stack. */
  readonly frozen: string | undefined;
}

export type StackPair = Readonly<Record<Role, StackGate>>;

const READ = {
  [KEYS.region]: [z.string().regex(/^[a-z]{2,}(?:-[a-z]+)+-\d$/u), 'a Region such as us-east-2'],
  [KEYS.role]: [z.enum(ROLES), 'primary or secondary'],
  [KEYS.active]: [z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]), 'true or false'],
  [KEYS.peerWrites]: [z.enum(['required', 'deferred']).default('required'), 'required or deferred'],
  [KEYS.epoch]: [z.coerce.number().int().min(1).max(EPOCH_MAX), `a whole number from 1 to ${EPOCH_MAX}`],
} as const satisfies Readonly<Record<string, readonly [z.ZodType, string]>>;

type ReadKey = keyof typeof READ;

/** `pulumi config set` writes numbers and booleans as text; both spellings are read. */
const read = <K extends ReadKey>(file: StackFile, key: K): z.infer<(typeof READ)[K][0]> => {
  const [schema, expected] = READ[key];
  const value = valueOf(file, key);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const found = value === undefined ? 'is missing' : `is ${JSON.stringify(value) ?? ''}`;
    throw new StackFileError(
      `${file.name}: ${key} ${found}, and it must be ${expected}. Mend it: pulumi config set --stack ${file.role} ${key} …`,
    );
  }
  return parsed.data as z.infer<(typeof READ)[K][0]>;
};

const freezeShape = z.object({ reason: z.string().optional(), by: z.string().optional(), at: z.string().optional() });

const EMPTY: ReadonlySet<string | undefined> = new Set(['{}', '[]', 'null', 'false', '""', undefined]);

const frozenOf = (file: StackFile): string | undefined => {
  const value = valueOf(file, KEYS.freeze);
  if (EMPTY.has(JSON.stringify(value))) {
    return undefined;
  }
  const parsed = freezeShape.safeParse(value);
  const {
    reason = typeof value === 'string' ? value : 'no reason is given',
    by,
    at,
  } = parsed.success ? parsed.data : {};
  return `${at === undefined ? '' : `since ${at} `}${by === undefined ? '' : `by ${by} `}(${reason})`.trim();
};

export const gateOf = (file: StackFile): StackGate => {
  const role = read(file, KEYS.role);
  if (role !== file.role) {
    throw new StackFileError(`${file.name} says twinmap:role ${role}; the file of that stack is Pulumi.${role}.yaml`);
  }
  return {
    file,
    region: read(file, KEYS.region),
    active: read(file, KEYS.active),
    peerWrites: read(file, KEYS.peerWrites),
    epoch: read(file, KEYS.epoch),
    frozen: frozenOf(file),
  };
};

const checkPeer = (one: StackGate, other: StackGate): void => {
  const peer = valueOf(one.file, KEYS.peerRegion);
  if (peer === undefined || peer === '') {
    throw new StackFileError(
      `${one.file.name} names no twinmap:peerRegion: it is a single-Region install, which has nothing to toggle`,
    );
  }
  if (peer !== other.region) {
    throw new StackFileError(
      `${one.file.name} names ${JSON.stringify(peer)} as its peer, and ${other.file.name} is for ${other.region}: ` +
        'these two files are no pair. Mend aws:region or twinmap:peerRegion first',
    );
  }
};

/** Both files, which must be those of one pair. */
export const pairOf = (primary: StackFile, secondary: StackFile): StackPair => {
  const pair = { primary: gateOf(primary), secondary: gateOf(secondary) };
  checkPeer(pair.primary, pair.secondary);
  checkPeer(pair.secondary, pair.primary);
  return pair;
};

export const readStackPair = async (directory: string): Promise<StackPair> =>
  pairOf(await readStackFile(directory, 'primary'), await readStackFile(directory, 'secondary'));
