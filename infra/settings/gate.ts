/** What the gate document of this Region says, as the stack declares it, and whether a failover has frozen the stack. */
import { z } from 'zod';

import { matching, oneOf, wholeNumber, yesOrNo } from './parsers.ts';
import { type Parsed, type SettingReader, value } from './setting-reader.ts';

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

/** A list or an object comes as JSON text, anything else as it stands in the file. */
const dataOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // A sentence that somebody wrote by hand is a reason as good as an object.
    return text;
  }
};

const freezeShape = z.object({
  reason: z.string().optional().catch(undefined),
  by: z.string().optional().catch(undefined),
  at: z.string().optional().catch(undefined),
});

const EMPTY: ReadonlySet<string> = new Set(['{}', '[]', 'false', 'null']);
const STORY_CHARS_MAX = 200;

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim().slice(0, STORY_CHARS_MAX);

/** Who froze the stack, when and why. Undefined where nobody did; whatever can't be understood counts as frozen. */
const freezeStory = (text: string): Parsed<string | undefined> => {
  const data = dataOf(text);
  if (EMPTY.has(JSON.stringify(data))) {
    return value(undefined);
  }
  const told = freezeShape.safeParse(data);
  const { reason = typeof data === 'string' ? data : undefined, by, at } = told.success ? told.data : {};
  const who = `${at === undefined ? '' : ` since ${oneLine(at)}`}${by === undefined ? '' : ` by ${oneLine(by)}`}`;
  return value(`${who}: ${oneLine(reason ?? '') || 'no reason is given'}`);
};

/** A failover changes the live gates first: what a stack file says may be older than they are, until a person has looked. */
const refuseFrozen = (reader: SettingReader): void => {
  const story = reader.optional({
    key: 'twinmap:freeze',
    meaning: 'why nothing may be deployed',
    mend: "twinmap:freeze '{}'",
    parse: freezeStory,
  });
  if (story !== undefined) {
    reader.refuse(
      `twinmap:freeze: this stack is frozen${story}. Nothing is deployed before a person has compared both stack files ` +
        'with the live gates. Lift it in both files: npx twinmap toggle --unfreeze --yes',
    );
  }
};

export const readGate = (reader: SettingReader): GateSettings | undefined => {
  refuseFrozen(reader);
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
