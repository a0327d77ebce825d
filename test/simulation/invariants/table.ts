/** Every invariant that a simulation checks: its name, what it says, and where the design says so. */

export const INVARIANTS = {
  'acknowledged-in-both': [
    'at each acknowledgement both Regions hold each document pulled, its chunks and vectors, equal',
    '§2, §4, I2',
  ],
  'acknowledged-once': ['a run is acknowledged at most once, and only for what it committed', '§4, I7'],
  'committed-in-peer': ['what home shows as committed by a required cycle is in its peer', '§4.5, I12'],
  'commit-is-whole': ['a Region that shows a commit holds every document, chunk and vector of it', '§3.7, §4.5'],
  'source-last': ['a source record comes to a Region after everything that it stands for', '§3.6'],
  fenced: ['a commit is made under the fence that its Region has seen last', '§4.5, I6'],
  'fence-never-falls': ['the fence of a source rises, and no two runs hold the same one', '§3.6, I6'],
  settled: ['what a source owed when a required cycle claimed it is not owed when it is acknowledged', '§4.3'],
  'versions-never-fall': ['the version of a key never falls in a Region', '§3.1, I3'],
  'same-version-same-bytes': ['one version of a key is the same bytes wherever it is', '§3.2'],
  'never-resurrected': ['no live record is older than a tombstone that its Region had', '§3.4, I5'],
  'owed-is-marked': [
    'what was answered as owed is durable in one Region and marked there until the other holds it',
    '§3.3',
  ],
  'difference-is-owed': ['a difference is owed, or part of a cycle that was not acknowledged', '§2, I11'],
  'in-sync-is-equal': ['a peer is called in sync only where every difference is explained', '§4, catch-up'],
  survivor: ['after the loss of either Region, the other holds every acknowledged write', '§4, I2'],
  'edits-not-lost': ['a write that starts after another was acknowledged in both wins over it', '§3.1'],
  'append-only-once': ['an append-only record is there exactly once, in both Regions', '§3.5, I2'],
  'lists-only-held-vectors': ['after every step, no record lists a vector that its Region lacks', '§3.7, I16'],
  'lists-only-held-chunks': ['a cycle writes a document after the chunk records that it lists', '§3.8, §4.4'],
  'same-key-same-vector': ['a vector key stands for the same bytes and metadata everywhere, for ever', '§3.7'],
  'swept-legally': [
    'a vector is deleted only where no record of either Region lists it, and a day after its mark',
    '§3.7, I16',
  ],
  'collected-legally': [
    'a tombstone goes after 7 days, not owed, known to the peer, both fences at or above it',
    '§3.4, I14',
  ],
  'query-shows-only-listed': ['an answer holds only passages that the home record lists', '§3.7, I8'],
  'gate-epoch-monotone': ['the epoch that a Region has seen never falls, and no older document is obeyed', '§5, I15'],
  'gate-epoch-not-reused': ['one epoch has one meaning in a Region', '§5'],
  'gate-unknown-is-passive': ['no claim is made where the gate was not established as active', '§5, I10'],
  'final-equals-origin': ['in the end both Regions hold what the origin holds: nothing lost, stale or risen', '§4, I1'],
  'regions-equal': ['in the end both Regions hold the same records, byte for byte', '§4, I1'],
  'no-crash': ['the production code throws nothing but what it says', '§4'],
  liveness: ['after healing everything is quiet, paid and equal within a bounded time', '§4'],
} as const satisfies Readonly<Record<string, readonly [what: string, where: string]>>;

export type InvariantName = keyof typeof INVARIANTS;
