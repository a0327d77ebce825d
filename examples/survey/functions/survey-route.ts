/** What the survey's functions have in common: what they run with, what a request brings, and the two refusals that all share. */
import type { Authenticator } from '../../../functions/access/authenticator.ts';
import type { Permission, Principal } from '../../../functions/domain/access.ts';
import type { InteractiveWrites } from '../../../functions/domain/interactive-write.ts';
import type { JsonFields } from '../../../functions/domain/json-fields.ts';
import type { RegionName, Role } from '../../../functions/domain/region.ts';
import { type Answer, problem } from '../../../functions/query/answer.ts';
import { shownText } from '../../../functions/query/parameters.ts';
import type { RecordStore } from '../../../functions/stores/record-store.ts';
import type { Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { SURVEY_NAME_RULE } from './records.ts';

export interface SurveyDependencies {
  readonly region: RegionName;
  readonly role: Role;
  /** Absent in a single-Region install. */
  readonly peerRegion?: RegionName;
  /** The home Region's table: read here, written through `writes`. */
  readonly records: Pick<RecordStore, 'get' | 'query'>;
  readonly writes: InteractiveWrites;
  readonly authenticator: Authenticator;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly requestId: () => string;
}

export interface SurveyRequest {
  readonly deps: SurveyDependencies;
  readonly survey: string;
  readonly caller: Principal;
  /** From the `Idempotency-Key`: sent twice, to one Region or to both, it is one write. */
  readonly op: string | undefined;
  readonly body: JsonFields;
}

export interface SurveyRoute {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly access: Permission;
  readonly hasBody: boolean;
  readonly answer: (request: SurveyRequest) => Promise<Answer>;
}

export const noSurvey = (survey: string): Answer =>
  problem(404, 'no-survey', {
    what: `"${shownText(survey)}" is not the name of a survey`,
    why: `A name has ${SURVEY_NAME_RULE}.`,
    next: 'Use such a name; a survey comes into being with its first vote.',
  });
