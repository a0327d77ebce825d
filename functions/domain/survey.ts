/**
 * Surveys: one replicated record for each survey and voter, never a stored counter. A total is counted from the records, so
 * votes that two Regions took during an outage add up by themselves, and voting again changes one's vote.
 */
import { isJsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';

export interface VotePayload {
  readonly survey: string;
  readonly voter: string;
  readonly choice: string;
  /** The principal that sent it. */
  readonly castBy: string;
  /** In ms since 1970. */
  readonly castAt: number;
}

const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/u;
const VOTER_PATTERN = /^[!-~]{1,128}$/u;

export const SURVEY_NAME_RULE = '1 to 64 small letters, digits and hyphens, the first one no hyphen';
export const VOTER_RULE = '1 to 128 visible ASCII characters without spaces';

/** The name of a survey, and of a choice in it. */
export const isSurveyName = (text: string): boolean => NAME_PATTERN.test(text);

export const isVoter = (text: string): boolean => VOTER_PATTERN.test(text);

export const VOTES_PREFIX = 'vote#';

export const surveyPartition = (survey: string): string => `survey#${survey}`;

export const voteKey = (survey: string, voter: string): RecordKey => ({
  pk: surveyPartition(survey),
  sk: `${VOTES_PREFIX}${voter}`,
});

const isVotePayload = (value: unknown): value is VotePayload =>
  isJsonFields(value) &&
  ['survey', 'voter', 'choice', 'castBy'].every((name) => typeof value[name] === 'string') &&
  Number.isSafeInteger(value['castAt']);

/** Undefined where the text is no such payload. */
export const parseVotePayload = (data: string): VotePayload | undefined => parsePayload(data, isVotePayload);

export interface Tally {
  /** By choice, most votes first, then by name. */
  readonly counts: Readonly<Record<string, number>>;
  readonly votes: number;
  readonly unreadable: number;
}

export const tallyOf = (votes: readonly (VotePayload | undefined)[]): Tally => {
  const counts = new Map<string, number>();
  const readable = votes.filter((vote) => vote !== undefined);
  for (const { choice } of readable) {
    counts.set(choice, (counts.get(choice) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted(
    ([left, most], [right, more]) => more - most || (left < right ? -1 : Number(left > right)),
  );
  return {
    counts: Object.fromEntries(sorted),
    votes: readable.length,
    unreadable: votes.length - readable.length,
  };
};
