/**
 * Short stories that chance alone would tell too seldom: each is a few actions that belong together, because a rule of the
 * protocol matters only there. A plan mixes them among single actions; the shrinker takes them apart again.
 */
import type { Random } from '../kernel/random.ts';
import type { TroubleMode } from '../world/network.ts';
import type { ActionKind, Profile, SeedSetting, Side } from './plan.ts';

/** An action, and how long after the one before it. */
export type Beat = readonly [afterMs: number, action: ActionKind];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const otherSide = (side: Side): Side => (side === 0 ? 1 : 0);

const someSide = (random: Random): Side => (random.chance(0.5) ? 0 : 1);

const tick = (side: Side): ActionKind => ({ kind: 'tick', side, copies: 1, gapMs: 0, fates: [] });

const cut = (from: Side, to: Side, durationMs: number): ActionKind => ({
  kind: 'trouble',
  mode: 'black-hole',
  from,
  to,
  service: null,
  probability: 1,
  durationMs,
});

const flip = (active: Side, style: 'proper' | 'partial', deferred: boolean): ActionKind => ({
  kind: 'flip',
  active,
  deferred,
  style,
  lagMs: [0, 0],
  fate: {},
});

export const editOf = (random: Random, profile: Profile, setting: SeedSetting): ActionKind => ({
  kind: 'edit',
  source: random.below(setting.sources),
  file: random.below(setting.files),
  variant: random.chance(profile.deletes) ? null : random.below(6),
});

const setting = (side: Side, field: number, value: number): ActionKind => ({
  kind: 'write',
  side,
  what: 'setting',
  field,
  value,
  op: null,
  fate: {},
});

/** Two Regions take themselves for active and work on one source at the same time. */
const duel = (random: Random, profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const side = someSide(random);
  const gap = (): number => random.between(0, 1500);
  return [
    [0, editOf(random, profile, seed)],
    [0, tick(side)],
    [gap(), flip(otherSide(side), 'partial', false)],
    [gap(), tick(otherSide(side))],
    [gap(), editOf(random, profile, seed)],
    [random.pick([gap(), 5000, 20 * MINUTE]), tick(side)],
    [gap(), tick(otherSide(side))],
  ];
};

/** Two people flip at once, each to another Region, and neither knows of the other. */
const twoOperators = (random: Random, profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const side = someSide(random);
  const style = random.chance(0.7) ? 'proper' : 'partial';
  return [
    [0, flip(side, style, false)],
    [random.between(0, 400), flip(otherSide(side), style, random.chance(profile.deferredFlips))],
    [random.between(0, 1500), editOf(random, profile, seed)],
    [random.between(0, 1500), tick(side)],
    [random.between(0, 1500), tick(otherSide(side))],
    [random.between(0, 20 * MINUTE), tick(side)],
    [random.between(0, 1500), tick(otherSide(side))],
  ];
};

/** One field is written again and again within the time of one write, from both sides, while debts are paid. */
const burst = (random: Random): readonly Beat[] => {
  const field = random.below(2);
  const beats: Beat[] = random.chance(0.4)
    ? [
        [
          0,
          {
            kind: 'trouble',
            mode: 'late',
            from: null,
            to: someSide(random),
            service: 'dynamodb',
            probability: 0.3,
            durationMs: MINUTE,
          },
        ],
      ]
    : [];
  for (let at = random.between(3, 5); at > 0; at -= 1) {
    beats.push([random.between(0, 90), setting(someSide(random), field, random.below(50))]);
  }
  return [...beats, [random.between(0, 200), { kind: 'drain', side: someSide(random), fate: {} }]];
};

/** A clock that is ahead wrote while the Regions were apart; then the other one writes, behind it, and must not lose. */
const behind = (random: Random): readonly Beat[] => {
  const side = someSide(random);
  const field = random.below(2);
  const duration = random.between(20_000, 2 * MINUTE);
  return [
    [0, cut(side, otherSide(side), duration)],
    [random.between(10, 2000), setting(side, field, random.below(50))],
    [random.between(1500, 4000), setting(otherSide(side), field, random.below(50))],
    [random.between(100, 3000), setting(otherSide(side), field, random.below(50))],
    [duration, { kind: 'drain', side: someSide(random), fate: {} }],
  ];
};

/** Both Regions go on alone, each told so by somebody; then one way between them opens before the other. */
const splitBrain = (random: Random, profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const side = someSide(random);
  const other = otherSide(side);
  const apart = random.between(10, 30) * MINUTE;
  const longer = apart + random.between(10, 60) * MINUTE;
  return [
    [0, cut(other, side, apart)],
    [0, cut(side, other, longer)],
    [1000, flip(side, 'partial', true)],
    [1000, editOf(random, profile, seed)],
    [1000, tick(side)],
    [30_000, flip(other, 'partial', true)],
    [1000, editOf(random, profile, seed)],
    [1000, tick(other)],
    [random.between(10_000, 60_000), editOf(random, profile, seed)],
    [apart, { kind: 'drain', side: other, fate: {} }],
    [random.between(0, 8000), tick(side)],
    [random.between(0, 8000), tick(other)],
  ];
};

const lateAtHome = (random: Random, side: Side): ActionKind => ({
  kind: 'trouble',
  mode: 'late',
  from: side,
  to: side,
  service: 'dynamodb',
  probability: random.pick([0.05, 0.2]),
  durationMs: 5000,
});

/** A declared outage of the peer, with work in it, and the way back while debts are still being paid. */
const outage = (random: Random, profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const side = someSide(random);
  const other = otherSide(side);
  const duration = random.between(5, 40) * MINUTE;
  return [
    [0, cut(side, other, duration)],
    [1000, flip(side, 'proper', true)],
    [2000, editOf(random, profile, seed)],
    [1000, tick(side)],
    [random.between(5000, MINUTE), editOf(random, profile, seed)],
    ...(random.chance(0.5) ? [[0, lateAtHome(random, side)] as const] : []),
    [1000, tick(side)],
    [
      random.chance(0.5) ? duration : random.between(6000, 40_000),
      { kind: 'drain', side, fate: random.chance(0.4) ? { crashAtSend: random.between(48, 70) } : {} },
    ],
    [random.between(0, 4000), flip(random.chance(0.7) ? side : other, 'proper', false)],
    [random.between(0, 4000), { kind: 'drain', side, fate: {} }],
    [random.between(0, 2000), tick(side)],
    [random.between(0, 2000), tick(other)],
  ];
};

/** One Region's half of a write fails while the other half is made: an edit, and a cycle that meets it. */
const half = (random: Random, profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const side = someSide(random);
  const mode = random.pick<TroubleMode>(['late', 'lost-reply', 'error', 'black-hole', 'throttle']);
  const service = random.chance(0.5) ? 'dynamodb' : 's3vectors';
  const durationMs = random.between(2000, 60_000);
  const from = random.chance(0.5) ? side : null;
  return [
    [0, editOf(random, profile, seed)],
    [0, editOf(random, profile, seed)],
    [0, tick(side)],
    [
      random.between(100, 1500),
      {
        kind: 'trouble',
        mode,
        from,
        to: someSide(random),
        service,
        probability: random.pick([0.2, 0.5, 1]),
        durationMs,
      },
    ],
    [random.between(0, 3000), { kind: 'search', side: someSide(random), file: random.below(seed.files) }],
    [durationMs, editOf(random, profile, seed)],
    [random.pick([0, 5000, 20 * MINUTE, 2 * HOUR]), tick(random.chance(0.8) ? side : otherSide(side))],
  ];
};

/** A file goes, its tombstone grows old and is collected, and something late or somebody new brings the key back. */
const burial = (random: Random, _profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const source = random.below(seed.sources);
  const file = random.below(seed.files);
  const [day, days] = [24 * HOUR, random.between(6, 9)];
  const repairs = (): Beat[] => [
    [random.between(0, 6 * MINUTE), { kind: 'repair', side: 0, fate: {} }],
    [random.between(0, 6 * MINUTE), { kind: 'repair', side: 1, fate: {} }],
  ];
  return [
    [0, { kind: 'edit', source, file, variant: null }],
    [0, tick(0)],
    [0, tick(1)],
    ...(random.chance(0.5) ? repairs() : []),
    [days * day, tick(someSide(random))],
    ...repairs(),
    ...repairs(),
    [random.between(0, HOUR), { kind: 'edit', source, file, variant: random.below(6) }],
    [0, tick(0)],
    [0, tick(1)],
  ];
};

/** A file goes in a declared outage; its tombstone is paid, but the peer's fence stays below it for longer than it is kept. */
const lowFence = (random: Random, _profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const side = someSide(random);
  const duration = random.between(5, 20) * MINUTE;
  const source = random.below(seed.sources);
  return [
    [0, tick(side)],
    [MINUTE, cut(side, otherSide(side), duration)],
    [1000, flip(side, 'proper', true)],
    [2000, { kind: 'edit', source, file: random.below(seed.files), variant: null }],
    [1000, tick(side)],
    [duration, { kind: 'drain', side, fate: {} }],
    [random.between(8, 10) * 24 * HOUR, { kind: 'repair', side: 0, fate: {} }],
    [MINUTE, { kind: 'repair', side: 1, fate: {} }],
    [6 * MINUTE, { kind: 'repair', side, fate: {} }],
  ];
};

/** A file changes, what it had is swept days later, perhaps late; then the file is again what it was. */
const sweeping = (random: Random, profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const day = 24 * HOUR;
  const side = someSide(random);
  const source = random.below(seed.sources);
  const file = random.below(seed.files);
  const variant = random.below(5);
  const edited = (to: number): Beat => [random.between(0, 2000), { kind: 'edit', source, file, variant: to }];
  const both = (): readonly Beat[] => [
    [0, tick(0)],
    [0, tick(1)],
  ];
  const late: ActionKind = {
    kind: 'trouble',
    mode: 'late',
    from: null,
    to: side,
    service: 's3vectors',
    probability: 0.6,
    durationMs: random.between(5000, MINUTE),
  };
  return [
    edited(variant),
    ...both(),
    [5000, { kind: 'edit', source, file, variant: (variant + 1) % 5 }],
    ...both(),
    [day, tick(0)],
    [0, tick(1)],
    [day + random.between(0, HOUR), random.chance(0.6) ? late : editOf(random, profile, seed)],
    ...both(),
    [random.pick([100, 3000, MINUTE]), { kind: 'edit', source, file, variant }],
    ...both(),
  ];
};

/** A sweep looks while the other Region's cycle has put what it has not listed yet; days later the mark is due. */
const sweepDuel = (random: Random, profile: Profile, seed: SeedSetting): readonly Beat[] => {
  const side = someSide(random);
  return [
    [0, flip(side, 'proper', false)],
    [MINUTE, tick(side)],
    [24 * HOUR, editOf(random, profile, seed)],
    [0, tick(side)],
    [random.between(0, 400), flip(otherSide(side), 'partial', false)],
    [random.between(0, 400), editOf(random, profile, seed)],
    [random.between(200, 900), tick(otherSide(side))],
    [20 * MINUTE, tick(otherSide(side))],
    [random.between(25, 50) * HOUR, flip(side, 'proper', false)],
    [2 * MINUTE, tick(side)],
    [20 * MINUTE, tick(side)],
  ];
};

export type SceneName =
  | 'twoOperators'
  | 'duel'
  | 'burst'
  | 'behind'
  | 'splitBrain'
  | 'outage'
  | 'half'
  | 'burial'
  | 'sweeping'
  | 'sweepDuel'
  | 'lowFence';

export const SCENES: Readonly<
  Record<SceneName, (random: Random, profile: Profile, seed: SeedSetting) => readonly Beat[]>
> = { twoOperators, duel, burst, behind, splitBrain, outage, half, burial, sweeping, sweepDuel, lowFence };
