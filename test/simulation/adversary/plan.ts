/**
 * The adversary as a list of timed actions, made from seed and profile: everything that people, schedules, networks and
 * machines do. A plan can be cut down action by action, and what is left plays out as before.
 */
import { Random } from '../kernel/random.ts';
import type { Service, TroubleMode } from '../world/network.ts';
import { type Beat, editOf, type SceneName, SCENES } from './scenes.ts';

export const PROFILES = ['required-only', 'deferred', 'collection-heavy', 'large-skew'] as const;

export type ProfileName = (typeof PROFILES)[number];

/** 0 is the primary Region, 1 the secondary. */
export type Side = 0 | 1;

export interface Fate {
  readonly crashAtSend?: number;
  readonly crashAtReply?: number;
  /** How long the invocation may run; a short one hands over. */
  readonly limitMs?: number;
  /** Its message is delivered a second time after this, while the first delivery is in work. */
  readonly againMs?: number;
}

export type FlipStyle =
  /** Both documents, break before make. */
  | 'proper'
  /** Only the Region that becomes active; the other keeps what it has. */
  | 'partial'
  /** AppConfig's control plane is down: the GATE records are written. */
  | 'break-glass'
  /** By hand, and the epoch stays what it was. */
  | 'forgotten-epoch'
  /** An old `pulumi up`: what was deployed some time ago is deployed again. */
  | 'old-document'
  | 'invalid';

export type ActionKind =
  | {
      readonly kind: 'tick';
      readonly side: Side;
      readonly copies: number;
      readonly gapMs: number;
      readonly fates: readonly Fate[];
    }
  | { readonly kind: 'edit'; readonly source: number; readonly file: number; readonly variant: number | null }
  | { readonly kind: 'forget'; readonly source: number }
  | {
      readonly kind: 'trouble';
      readonly mode: TroubleMode;
      readonly from: Side | null;
      readonly to: Side;
      readonly service: Service | null;
      readonly probability: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'dark'; readonly side: Side; readonly durationMs: number; readonly stores: boolean }
  | { readonly kind: 'kill'; readonly side: Side }
  | { readonly kind: 'stale'; readonly side: Side; readonly durationMs: number }
  /** The table drops by itself what has expired: in one Region, and whenever it likes. */
  | { readonly kind: 'expire'; readonly side: Side }
  | {
      readonly kind: 'flip';
      readonly active: Side | null;
      readonly deferred: boolean;
      readonly style: FlipStyle;
      readonly lagMs: readonly [number, number];
      readonly fate: Fate;
    }
  | { readonly kind: 'search'; readonly side: Side; readonly file: number }
  | {
      readonly kind: 'write';
      readonly side: Side;
      readonly what: 'setting' | 'vote' | 'event';
      readonly field: number;
      readonly value: number | null;
      /** The number of the `Idempotency-Key`, of which few are in use; null means none. */
      readonly op: number | null;
      readonly fate: Fate;
    }
  | { readonly kind: 'drain' | 'repair'; readonly side: Side; readonly fate: Fate };

export type Action = ActionKind & { readonly id: number; readonly atMs: number };

export interface SeedSetting {
  readonly sources: number;
  readonly files: number;
  readonly skewMaxMs: number;
  readonly pageItemsMax: number;
}

export interface Profile {
  readonly actions: readonly [low: number, high: number];
  readonly skewMaxMs: number;
  /** How often an action is of a kind. */
  readonly weights: Readonly<Record<ActionKind['kind'], number>>;
  readonly deletes: number;
  /** How often a pause is longer than a day. */
  readonly longPauses: number;
  readonly deferredFlips: number;
  /** How often a story is told instead of a single action, and which. */
  readonly scenes: number;
  readonly sceneWeights: Readonly<Partial<Record<SceneName, number>>>;
}

const WEIGHTS = {
  tick: 30,
  edit: 22,
  forget: 1,
  trouble: 14,
  dark: 2,
  kill: 2,
  stale: 2,
  expire: 1,
  flip: 7,
  search: 5,
  write: 10,
  drain: 5,
  repair: 4,
} as const;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const PROFILE_SETTINGS: Readonly<Record<ProfileName, Profile>> = {
  'required-only': {
    actions: [16, 48],
    skewMaxMs: 50,
    weights: WEIGHTS,
    deletes: 0.2,
    longPauses: 0.03,
    deferredFlips: 0,
    scenes: 0.16,
    sceneWeights: { duel: 4, twoOperators: 2, half: 4, burst: 2, behind: 1 },
  },
  deferred: {
    actions: [16, 48],
    skewMaxMs: 50,
    weights: { ...WEIGHTS, flip: 10, drain: 9, write: 6, repair: 6 },
    deletes: 0.25,
    longPauses: 0.03,
    deferredFlips: 0.6,
    scenes: 0.16,
    sceneWeights: { outage: 5, splitBrain: 3, half: 2, duel: 1, twoOperators: 1 },
  },
  'collection-heavy': {
    actions: [20, 52],
    skewMaxMs: 200,
    weights: { ...WEIGHTS, edit: 30, trouble: 12, repair: 16, expire: 4 },
    deletes: 0.5,
    longPauses: 0.12,
    deferredFlips: 0.15,
    scenes: 0.16,
    sceneWeights: { burial: 4, sweeping: 4, sweepDuel: 3, half: 2, outage: 1, lowFence: 2 },
  },
  'large-skew': {
    actions: [16, 48],
    skewMaxMs: 5 * MINUTE,
    weights: { ...WEIGHTS, write: 24, drain: 8 },
    deletes: 0.25,
    longPauses: 0.05,
    deferredFlips: 0.15,
    scenes: 0.18,
    sceneWeights: { behind: 4, burst: 4, duel: 2, outage: 1, half: 1 },
  },
};

const side = (random: Random): Side => (random.chance(0.5) ? 0 : 1);

const fate = (random: Random): Fate =>
  random.weighted<() => Fate>([
    [() => ({}), 8],
    [() => ({ crashAtReply: random.between(1, 150) }), 3],
    [() => ({ crashAtSend: random.between(1, 150) }), 2],
    [() => ({ limitMs: 59_000 }), 2],
    [() => ({ againMs: random.pick([0, 5, 50, 400, 3000]) }), 1],
  ])();

const shortFate = (random: Random): Fate =>
  random.weighted<() => Fate>([
    [() => ({}), 10],
    [() => ({ crashAtReply: random.between(1, 6) }), 1],
    [() => ({ crashAtSend: random.between(1, 6) }), 1],
  ])();

const duration = (random: Random): number =>
  random.weighted<() => number>([
    [() => random.between(200, 30_000), 2],
    [() => random.between(1, 40) * MINUTE, 5],
    [() => random.between(1, 40) * HOUR, 3],
  ])();

const troubleOf = (random: Random): ActionKind => {
  const mode = random.weighted<TroubleMode>([
    ['refuse', 2],
    ['black-hole', 3],
    ['lost-reply', 4],
    ['late', 6],
    ['reset', 2],
    ['throttle', 2],
    ['error', 2],
    ['slow', 3],
  ]);
  const isOutage = mode === 'refuse' || mode === 'black-hole';
  return {
    kind: 'trouble',
    mode,
    from: random.chance(0.6) ? side(random) : null,
    to: side(random),
    service: random.weighted<Service | null>([
      [null, 3],
      ['dynamodb', 4],
      ['s3vectors', 3],
      ['appconfig', 1],
      ['queue', 1],
    ]),
    probability: isOutage && random.chance(0.7) ? 1 : random.pick([0.02, 0.08, 0.25]),
    durationMs: duration(random),
  };
};

const flipOf = (random: Random, profile: Profile): ActionKind => ({
  kind: 'flip',
  active: random.chance(0.06) ? null : side(random),
  deferred: random.chance(profile.deferredFlips),
  style: random.weighted<FlipStyle>([
    ['proper', 8],
    ['partial', 4],
    ['break-glass', 2],
    ['forgotten-epoch', 2],
    ['old-document', 1],
    ['invalid', 1],
  ]),
  lagMs: [random.between(0, 30_000), random.between(0, 30_000)],
  fate: shortFate(random),
});

const writeOf = (random: Random): ActionKind => {
  const what = random.weighted<'setting' | 'vote' | 'event'>([
    ['setting', 5],
    ['vote', 2],
    ['event', 2],
  ]);
  return {
    kind: 'write',
    side: side(random),
    what,
    field: random.below(3),
    value: what === 'setting' && random.chance(0.15) ? null : random.below(50),
    op: what === 'event' || random.chance(0.5) ? random.below(6) : null,
    fate: shortFate(random),
  };
};

const tickOf = (random: Random): ActionKind => ({
  kind: 'tick',
  side: side(random),
  copies: random.chance(0.15) ? 2 : 1,
  gapMs: random.chance(0.5) ? random.between(0, 2000) : random.between(0, 20) * MINUTE,
  fates: [fate(random), fate(random)],
});

const actionOf = (random: Random, profile: Profile, setting: SeedSetting): ActionKind => {
  const kinds = Object.entries(profile.weights) as [ActionKind['kind'], number][];
  const [first = ['tick', 1], ...others] = kinds;
  switch (random.weighted([first, ...others])) {
    case 'tick': {
      return tickOf(random);
    }
    case 'edit': {
      return editOf(random, profile, setting);
    }
    case 'forget': {
      return { kind: 'forget', source: random.below(setting.sources) };
    }
    case 'trouble': {
      return troubleOf(random);
    }
    case 'dark': {
      return { kind: 'dark', side: side(random), durationMs: duration(random), stores: random.chance(0.7) };
    }
    case 'kill': {
      return { kind: 'kill', side: side(random) };
    }
    case 'expire': {
      return { kind: 'expire', side: side(random) };
    }
    case 'stale': {
      return { kind: 'stale', side: side(random), durationMs: duration(random) };
    }
    case 'flip': {
      return flipOf(random, profile);
    }
    case 'search': {
      return { kind: 'search', side: side(random), file: random.below(setting.files) };
    }
    case 'write': {
      return writeOf(random);
    }
    case 'drain': {
      return { kind: 'drain', side: side(random), fate: fate(random) };
    }
    case 'repair': {
      return { kind: 'repair', side: side(random), fate: fate(random) };
    }
  }
};

const pause = (random: Random, profile: Profile): number =>
  random.chance(profile.longPauses)
    ? random.between(1, 9) * DAY
    : random.weighted<() => number>([
        [() => random.between(0, 400), 9],
        [() => random.between(400, 10_000), 6],
        [() => random.between(1, 20) * MINUTE, 5],
        [() => random.between(1, 8) * HOUR, 2],
      ])();

const sceneOf = (random: Random, profile: Profile, setting: SeedSetting): readonly Beat[] => {
  const scenes = Object.entries(profile.sceneWeights) as [SceneName, number][];
  const [first = ['half', 1], ...others] = scenes;
  return SCENES[random.weighted([first, ...others])](random, profile, setting);
};

export const settingOf = (seed: number, profile: ProfileName): SeedSetting => {
  const random = new Random(`${profile}/${seed}/setting`);
  return {
    sources: random.chance(0.75) ? 1 : 2,
    files: random.between(2, 5),
    skewMaxMs: PROFILE_SETTINGS[profile].skewMaxMs,
    pageItemsMax: random.pick([2, 5, 100]),
  };
};

/** Every edit that starts a story comes first, so that there is something to sync. */
export const planOf = (seed: number, profileName: ProfileName): readonly Action[] => {
  const random = new Random(`${profileName}/${seed}/plan`);
  const profile = PROFILE_SETTINGS[profileName];
  const setting = settingOf(seed, profileName);
  const [low, high] = profile.actions;
  const actions: Action[] = [];
  let atMs = 1000;
  const add = (action: ActionKind): void => {
    actions.push({ ...action, id: actions.length, atMs });
  };
  for (let source = 0; source < setting.sources; source += 1) {
    for (let file = 0; file < setting.files; file += 1) {
      if (random.chance(0.6)) {
        add({ kind: 'edit', source, file, variant: random.below(6) });
      }
    }
  }
  if (random.chance(0.85)) {
    add({ kind: 'tick', side: 0, copies: 1, gapMs: 0, fates: [] });
  }
  const count = random.between(low, high);
  for (let at = 0; at < count; at += 1) {
    atMs += pause(random, profile);
    const beats = random.chance(profile.scenes)
      ? sceneOf(random, profile, setting)
      : [[0, actionOf(random, profile, setting)] as const];
    for (const [afterMs, action] of beats) {
      atMs += afterMs;
      add(action);
    }
    at += beats.length - 1;
  }
  return actions;
};

export const profileOf = (seed: number): ProfileName => PROFILES[seed % PROFILES.length] ?? 'required-only';
