/** What the gate document of this Region says, as the stack declares it. */
import { matching, oneOf, wholeNumber, yesOrNo } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

export interface GateSettings {
  readonly isActiveForScheduledWork: boolean;
  readonly peerWrites: 'required' | 'deferred';
  readonly epoch: number;
  readonly changedAt: string;
  readonly changedBy: string;
  readonly reason: string;
}

const EPOCH_MAX = 99_999_999;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/u;
const SENTENCE = /^\S.{0,199}$/u;

const readStory = (reader: SettingReader): Pick<GateSettings, 'changedAt' | 'changedBy' | 'reason'> | undefined => {
  const changedAt = reader.required({
    key: 'twinmap:gateChangedAt',
    meaning: 'when the gate was last changed; it comes from here so that an unchanged deployment deploys nothing',
    mend: 'twinmap:gateChangedAt 2026-01-31T09:00:00Z',
    parse: matching(TIMESTAMP, 'a UTC time such as 2026-01-31T09:00:00Z'),
  });
  const changedBy = reader.required({
    key: 'twinmap:gateChangedBy',
    meaning: 'who changed the gate last',
    mend: "twinmap:gateChangedBy 'platform team'",
    parse: matching(SENTENCE, 'a name of 1 to 200 characters on one line'),
  });
  const reason = reader.required({
    key: 'twinmap:gateReason',
    meaning: 'why the gate was changed last',
    mend: "twinmap:gateReason 'first deployment'",
    parse: matching(SENTENCE, 'a sentence of 1 to 200 characters on one line'),
  });
  return changedAt === undefined || changedBy === undefined || reason === undefined
    ? undefined
    : { changedAt, changedBy, reason };
};

export const readGate = (reader: SettingReader): GateSettings | undefined => {
  const isActiveForScheduledWork = reader.required({
    key: 'twinmap:isActiveForScheduledWork',
    meaning: 'whether this Region does the scheduled work',
    mend: 'twinmap:isActiveForScheduledWork false',
    parse: yesOrNo,
  });
  const epoch = reader.required({
    key: 'twinmap:gateEpoch',
    meaning: 'how often the gate was flipped: one more in both stacks on every change',
    mend: 'twinmap:gateEpoch 1',
    parse: wholeNumber(1, EPOCH_MAX),
  });
  const peerWrites = reader.withDefault(
    {
      key: 'twinmap:peerWrites',
      meaning: 'whether a cycle needs the peer',
      mend: 'twinmap:peerWrites required',
      parse: oneOf(['required', 'deferred']),
    },
    'required',
  );
  if (peerWrites === 'deferred' && !reader.has('twinmap:peerRegion')) {
    const why = 'is deferred, but there is no peer to owe anything to';
    reader.problem('twinmap:peerWrites', why, 'twinmap:peerWrites required');
  }
  const story = readStory(reader);
  return isActiveForScheduledWork === undefined ||
    epoch === undefined ||
    peerWrites === undefined ||
    story === undefined
    ? undefined
    : { isActiveForScheduledWork, peerWrites, epoch, ...story };
};
