/**
 * What a survey is made of: one replicated record per survey, generation and voter, and one record per survey whose version
 * names the generation in force. No counter anywhere: a total is counted from the votes, so what two Regions took during an
 * outage adds up by itself, and voting again changes one's vote.
 */
import { isJsonFields, parsePayload } from '../../../functions/domain/json-fields.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import { clockOfVersion } from '../../../functions/domain/version.ts';

export interface VotePayload {
  readonly survey: string;
  readonly choice: string;
  /** The principal whose key sent it: many voters share one. */
  readonly castBy: string;
  /** In ms since 1970. */
  readonly castAt: number;
}

export interface ResetPayload {
  readonly survey: string;
  readonly resetBy: string;
  /** In ms since 1970. */
  readonly resetAt: number;
}

const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/u;
const VOTER_PATTERN = /^[!-~]{1,128}$/u;

export const SURVEY_NAME_RULE = '1 to 64 small letters, digits and hyphens, the first one no hyphen';
export const VOTER_RULE = '1 to 128 visible ASCII characters without spaces';

/** The name of a survey, and of a choice in it. */
export const isSurveyName = (text: string): boolean => NAME_PATTERN.test(text);

export const isVoter = (text: string): boolean => VOTER_PATTERN.test(text);

/** Before anybody has reset the survey. As text it is below every version. */
export const FIRST_GENERATION = 'first';

const GENERATION_CHARS_MAX = 300;

/** A generation is named by the version of the record that began it: the only order that both Regions agree on. */
export const isGeneration = (text: string): boolean =>
  text === FIRST_GENERATION || (text.length <= GENERATION_CHARS_MAX && clockOfVersion(text) !== undefined);

export const generationKey = (survey: string): RecordKey => ({ pk: `survey#${survey}`, sk: 'generation' });

/** One partition per generation: a reset leaves the old votes where they are, and nobody reads them any more. */
export const votesPartition = (survey: string, generation: string): string => `survey#${survey}#${generation}`;

export const voteKey = (survey: string, generation: string, voter: string): RecordKey => ({
  pk: votesPartition(survey, generation),
  sk: `vote#${voter}`,
});

const isVotePayload = (value: unknown): value is VotePayload =>
  isJsonFields(value) &&
  ['survey', 'choice', 'castBy'].every((name) => typeof value[name] === 'string') &&
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
  return { counts: Object.fromEntries(sorted), votes: readable.length, unreadable: votes.length - readable.length };
};
