/** Surveys over HTTP: a vote is one record per survey and voter, a result is counted from the records when somebody asks. */
import { z } from 'zod';

import { LIMITS } from '../domain/limits.ts';
import {
  isSurveyName,
  isVoter,
  parseVotePayload,
  SURVEY_NAME_RULE,
  surveyPartition,
  tallyOf,
  voteKey,
  type VotePayload,
  VOTER_RULE,
  VOTES_PREFIX,
} from '../domain/survey.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { readPartition } from './read-partition.ts';
import { bodyAs } from './request-body.ts';
import { type GuardedRoute, unavailable } from './route.ts';
import { heldFields, notHeldAnswer } from './write-answer.ts';

const noSurvey = (survey: string): Answer =>
  problem(404, 'no-survey', {
    what: `"${shownText(survey)}" is not the name of a survey`,
    why: `A name has ${SURVEY_NAME_RULE}.`,
    next: 'Use such a name; a survey comes into being with its first vote.',
  });

const voteSchema = z.object({
  choice: z.string(SURVEY_NAME_RULE).refine((choice) => isSurveyName(choice), SURVEY_NAME_RULE),
  /** For whom it is sent; without it the caller votes. */
  voter: z
    .string(VOTER_RULE)
    .refine((voter) => isVoter(voter), VOTER_RULE)
    .optional(),
});

const vote: GuardedRoute = {
  method: 'PUT',
  path: '/v1/surveys/:id/votes',
  access: 'surveys:vote',
  parameters: [],
  hasBody: true,
  answer: async (context) => {
    const { deps, id: survey, caller, op } = context;
    if (!isSurveyName(survey)) {
      return noSurvey(survey);
    }
    const body = bodyAs(voteSchema, ['choice', 'voter'], context.body);
    if (body.kind === 'refused') {
      return body.answer;
    }
    const { choice, voter = caller.id } = body.value;
    const payload: VotePayload = { survey, voter, choice, castBy: caller.id, castAt: deps.now() };
    const outcome = await deps.writes.write({
      table: 'workspaces',
      key: voteKey(survey, voter),
      content: { kind: 'payload', payload },
      identity: choice,
      ...(op === undefined ? {} : { op }),
    });
    return outcome.kind === 'held'
      ? { status: 200, fields: { survey, choice, ...heldFields(outcome) } }
      : notHeldAnswer(context, outcome);
  },
};

const results: GuardedRoute = {
  method: 'GET',
  path: '/v1/surveys/:id/results',
  access: 'surveys:read',
  parameters: [],
  answer: async ({ deps, home, id: survey }) => {
    if (!isSurveyName(survey)) {
      return noSurvey(survey);
    }
    const readAt = deps.now();
    const [read, replication] = await Promise.all([
      readPartition(deps.workspaces, surveyPartition(survey), {
        skPrefix: VOTES_PREFIX,
        recordsMax: LIMITS.surveyVotesListedMax,
      }),
      home.replication(),
    ]);
    if (read.kind === 'failed') {
      return unavailable(deps, 'records', read.failure);
    }
    const { counts, votes, unreadable } = tallyOf(read.value.records.map(({ data }) => parseVotePayload(data)));
    return {
      status: 200,
      fields: {
        survey,
        counts,
        votes,
        freshness: {
          readAt,
          what: `every vote that ${deps.region} held at that moment; one that only the peer holds counts as soon as it arrives`,
          replication: replication?.state ?? null,
        },
        degraded: [
          ...(unreadable === 0 ? [] : [`${unreadable} votes are damaged and not counted`]),
          ...(read.value.isWhole ? [] : [`only the first ${LIMITS.surveyVotesListedMax} votes are counted`]),
        ],
      },
    };
  },
};

export const SURVEY_ROUTES: readonly GuardedRoute[] = [vote, results];
