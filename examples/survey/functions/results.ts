/** `GET /v1/surveys/{survey}/results`: counted from the votes that this Region holds, with how fresh that is. */
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { Answer } from '../../../functions/query/answer.ts';
import { readPartition } from '../../../functions/query/read-partition.ts';
import { unavailable } from '../../../functions/query/route.ts';
import { readShownGeneration } from './generation.ts';
import { parseVotePayload, tallyOf, votesPartition } from './records.ts';
import type { SurveyRequest, SurveyRoute } from './survey-route.ts';

const answer = async ({ deps, survey }: SurveyRequest): Promise<Answer> => {
  const asOf = deps.now();
  const generation = await readShownGeneration(deps.records, survey);
  if (generation.kind === 'failed') {
    return unavailable(deps, 'records', generation.failure);
  }
  const read = await readPartition(deps.records, votesPartition(survey, generation.value), {
    recordsMax: LIMITS.surveyVotesListedMax,
    isEventual: true,
  });
  if (read.kind === 'failed') {
    return unavailable(deps, 'records', read.failure);
  }
  const { records, isWhole } = read.value;
  const { counts, votes, unreadable } = tallyOf(records.map(({ data }) => parseVotePayload(data)));
  return {
    status: 200,
    fields: {
      survey,
      generation: generation.value,
      counts,
      votes,
      freshness: {
        asOf,
        what: `the votes that ${deps.region} held then, by an eventually consistent read; one that only the other Region holds counts as soon as it arrives`,
        peerRegion: deps.peerRegion ?? null,
        /** Counted here, and not yet confirmed by the other Region. */
        owed: records.filter(({ owed }) => owed !== undefined).length,
      },
      degraded: [
        ...(unreadable === 0 ? [] : [`${unreadable} votes are damaged and not counted`]),
        ...(isWhole ? [] : [`only the first ${LIMITS.surveyVotesListedMax} votes are counted`]),
      ],
    },
  };
};

export const resultsRoute: SurveyRoute = {
  method: 'GET',
  path: '/v1/surveys/:survey/results',
  access: 'surveys:read',
  hasBody: false,
  answer,
};
