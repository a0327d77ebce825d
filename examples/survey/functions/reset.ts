/**
 * `POST /v1/surveys/{survey}/resets`: begins a new generation, by one record. The old votes stay where they are: a tombstone for
 * each would take minutes, and race with those who are voting.
 */
import type { Answer } from '../../../functions/query/answer.ts';
import { heldFields, notHeldAnswer } from '../../../functions/query/write-answer.ts';
import { generationKey, type ResetPayload } from './records.ts';
import type { SurveyRequest, SurveyRoute } from './survey-route.ts';

const answer = async ({ deps, survey, caller, op }: SurveyRequest): Promise<Answer> => {
  const payload: ResetPayload = { survey, resetBy: caller.id, resetAt: deps.now() };
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: generationKey(survey),
    content: { kind: 'payload', payload },
    identity: 'reset',
    ...(op === undefined ? {} : { op }),
  });
  return outcome.kind === 'held'
    ? { status: 200, fields: { survey, generation: outcome.v, ...heldFields(outcome) } }
    : notHeldAnswer({ deps }, outcome);
};

export const resetRoute: SurveyRoute = {
  method: 'POST',
  path: '/v1/surveys/:survey/resets',
  access: 'surveys:reset',
  hasBody: false,
  answer,
};
