/** Reports of failovers, failbacks and drills over HTTP, for operators: what this Region holds, and after a drain the other one too. */
import { z } from 'zod';

import { LIMITS } from '../domain/limits.ts';
import {
  isReportId,
  isReportKind,
  parseReport,
  parseReportKey,
  REPORT_KINDS,
  reportKey,
  type ReportKind,
  REPORTS_PARTITION,
} from '../domain/report.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { readPartition } from './read-partition.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { momentShape } from './shapes.ts';

const nameShape = {
  kind: z.enum(REPORT_KINDS),
  id: z.string().meta({ description: 'a ULID: newer ones sort later' }),
};

const summaryShape = {
  at: momentShape,
  by: z.string(),
  state: z.string().meta({ description: 'running while its steps go on' }),
  summary: z.string(),
};

/** Of the console, too. */
export const reportsShape = {
  items: z.array(z.object({ ...nameShape, ...summaryShape })),
  isAll: z.boolean().meta({ description: 'false where there are more than one answer lists' }),
};

/** Of the console, too. */
export const oneReportShape = {
  ...nameShape,
  report: z
    .looseObject({ ...summaryShape, markdown: z.string().optional() })
    .meta({ description: 'and whatever its kind tells besides' }),
};

const listAnswer = async ({ deps }: GuardedContext): Promise<Answer> => {
  const read = await readPartition(deps.workspaces, REPORTS_PARTITION, { recordsMax: LIMITS.reportsListedMax });
  if (read.kind === 'failed') {
    return unavailable(deps, 'reports', read.failure);
  }
  const items = read.value.records.flatMap(({ sk, data }) => {
    const name = parseReportKey(sk);
    const report = parseReport(data);
    return name === undefined || report === undefined
      ? []
      : [{ ...name, at: report.at, by: report.by, state: report.state, summary: report.summary }];
  });
  const newestFirst = items.toSorted((left, right) => right.at - left.at);
  return { status: 200, fields: { isAll: read.value.isWhole }, list: { name: 'items', items: newestFirst } };
};

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/reports',
  access: 'audit:read',
  parameters: [],
  about: {
    summary: 'Reports of failovers, failbacks, drills and preflights, the newest first',
    answer: reportsShape,
    list: 'items',
  },
  answer: listAnswer,
};

const notThere = (kind: string, id: string): Answer =>
  problem(404, 'no-such-report', {
    what: `there is no report ${shownText(`${kind}/${id}`)} here`,
    why: 'Its name is wrong, or this Region has not got it yet.',
    next: 'See GET /v1/reports, or ask the other Region.',
  });

const showAnswer = async ({ deps }: GuardedContext, kind: ReportKind, id: string): Promise<Answer> => {
  const read = await deps.workspaces.get(reportKey(kind, id));
  if (read.kind === 'failed') {
    return unavailable(deps, 'reports', read.failure);
  }
  const report = read.value === undefined || read.value.del === true ? undefined : parseReport(read.value.data);
  return report === undefined ? notThere(kind, id) : { status: 200, fields: { kind, id, report } };
};

const show: GuardedRoute = {
  method: 'GET',
  path: '/v1/reports/:kind/:id',
  access: 'audit:read',
  parameters: [],
  about: {
    summary: 'One report, whole',
    path: { kind: 'failover, failback, drill or preflight', id: 'the id of a report' },
    answer: oneReportShape,
    problems: [404],
  },
  answer: async (context) => {
    const kind = context.names['kind'] ?? '';
    const { id } = context;
    return isReportKind(kind) && isReportId(id) ? showAnswer(context, kind, id) : notThere(kind, id);
  },
};

export const REPORT_ROUTES: readonly GuardedRoute[] = [list, show];
