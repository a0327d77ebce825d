/** `PUT /v1/surveys/{survey}/votes`: one vote, written to both Regions, or to one that owes it to the other. */
import { z } from 'zod';

import { done } from '../../../functions/domain/failure.ts';
import { type Answer, problem } from '../../../functions/query/answer.ts';
import { bodyAs } from '../../../functions/query/request-body.ts';
import { unavailable } from '../../../functions/query/route.ts';
import { heldFields, notHeldAnswer } from '../../../functions/query/write-answer.ts';
import { generationOfVote, readGeneration } from './generation.ts';
import {
  isGeneration,
  isSurveyName,
  isVoter,
  SURVEY_NAME_RULE,
  voteKey,
  type VotePayload,
  VOTER_RULE,
} from './records.ts';
import type { SurveyRequest, SurveyRoute } from './survey-route.ts';

const GENERATION_RULE = 'the generation that a result or a vote was answered with';

const PRESS_RULE = 'a time in ms since 1970';

/** A press that its page gave up arrives within this, or never. */
const LATE_MS_MAX = 60_000;

const voteSchema = z.object({
  choice: z.string(SURVEY_NAME_RULE).refine((choice) => isSurveyName(choice), SURVEY_NAME_RULE),
  /** For whom it is sent; without it the holder of the key votes. */
  voter: z
    .string(VOTER_RULE)
    .refine((voter) => isVoter(voter), VOTER_RULE)
    .optional(),
  /** What the voter had in sight; without it the vote counts in the generation that this Region knows. */
  generation: z
    .string(GENERATION_RULE)
    .refine((generation) => isGeneration(generation), GENERATION_RULE)
    .optional(),
  /** When the voter pressed: of two presses the later one stands, whichever arrives last. Without it the last to arrive does. */
  pressedAt: z.int(PRESS_RULE).min(0, PRESS_RULE).optional(),
});

const wasReset = (generation: string): Answer => {
  const { fields, ...rest } = problem(409, 'survey-reset', {
    what: 'the survey was reset since you last saw it',
    why: 'A vote counts in the generation that the voter had in sight, and that one has ended.',
    next: 'Look at the survey again, and vote with a new idempotency-key.',
  });
  return { ...rest, fields: { ...fields, generation } };
};

/** A clock that is ahead, or far behind, is not believed: then the vote that arrives last stands. */
const madeAtOf = (pressedAt: number | undefined, nowMs: number): { readonly madeAt?: number } =>
  pressedAt !== undefined && pressedAt <= nowMs && pressedAt >= nowMs - LATE_MS_MAX ? { madeAt: pressedAt } : {};

const answer = async ({ deps, survey, caller, op, body }: SurveyRequest): Promise<Answer> => {
  const vote = bodyAs(voteSchema, ['choice', 'voter', 'generation', 'pressedAt'], body);
  if (vote.kind === 'refused') {
    return vote.answer;
  }
  const { choice, voter = caller.id, generation: seen, pressedAt } = vote.value;
  const read = await readGeneration(deps.records, survey);
  // Home's table is down: the write goes to the peer then, into the generation that the voter has seen.
  const known = read.kind === 'failed' && seen !== undefined ? done(seen) : read;
  if (known.kind === 'failed') {
    return unavailable(deps, 'records', known.failure);
  }
  const generation = generationOfVote(seen, known.value);
  if (generation === undefined) {
    return wasReset(known.value);
  }
  const payload: VotePayload = { survey, choice, castBy: caller.id, castAt: deps.now() };
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: voteKey(survey, generation, voter),
    content: { kind: 'payload', payload },
    // What makes two requests under one key the same vote: not the time of sending.
    identity: choice,
    ...madeAtOf(pressedAt, deps.now()),
    ...(op === undefined ? {} : { op }),
  });
  return outcome.kind === 'held'
    ? { status: 200, fields: { survey, generation, choice, ...heldFields(outcome) } }
    : notHeldAnswer({ deps }, outcome);
};

export const voteRoute: SurveyRoute = {
  method: 'PUT',
  path: '/v1/surveys/:survey/votes',
  access: 'surveys:vote',
  hasBody: true,
  answer,
};
