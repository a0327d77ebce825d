/** The audit log over HTTP, for operators: the newest events that this Region holds, chosen from, and whether its copy is whole. */
import { z } from 'zod';

import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type AuditEvent } from '../domain/audit-event.ts';
import { LIMITS } from '../domain/limits.ts';
import { type Answer, problem } from './answer.ts';
import { type Parameters, shownText } from './parameters.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { momentShape } from './shapes.ts';

const eventShape = z.object({
  at: momentShape,
  actor: z.string(),
  action: z.enum(AUDIT_ACTIONS),
  target: z.string(),
  outcome: z.enum(AUDIT_OUTCOMES),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  region: z.string(),
  epoch: z.int(),
});

interface Wanted {
  readonly texts: Readonly<Partial<Record<'actor' | 'action' | 'target' | 'outcome', string>>>;
  readonly untilMs: number | undefined;
}

const TEXTS = ['actor', 'action', 'target', 'outcome'] as const;
const NAMES: readonly string[] = [...TEXTS, 'until'];

const readWanted = (parameters: URLSearchParams): Parameters<Wanted> => {
  const twice = NAMES.find((name) => parameters.getAll(name).length > 1);
  const until = parameters.get('until') ?? '';
  const untilMs = until === '' ? undefined : Date.parse(until);
  if (twice !== undefined || Number.isNaN(untilMs)) {
    return {
      kind: 'refused',
      answer: problem(400, 'bad-parameter', {
        what: `the parameter "${twice ?? 'until'}" can't be taken`,
        why: twice === undefined ? `"${shownText(until)}" is no time.` : 'It is given more than once.',
        next: 'Send each once; a time as 2026-11-22T09:00:00Z.',
      }),
    };
  }
  const texts = Object.fromEntries(
    TEXTS.flatMap((name) => {
      const text = parameters.get(name) ?? '';
      return text === '' ? [] : [[name, text]];
    }),
  );
  return { kind: 'read', value: { texts, untilMs } };
};

/** An action or an actor is found by its beginning: `gate` finds every event of the gate. */
const isWanted = (event: AuditEvent, { texts, untilMs }: Wanted): boolean =>
  TEXTS.every((name) => event[name].startsWith(texts[name] ?? '')) && (untilMs === undefined || event.at <= untilMs);

const listAnswer = async ({ deps }: GuardedContext, wanted: Wanted): Promise<Answer> => {
  const isChosen = Object.keys(wanted.texts).length > 0;
  const readMax = isChosen ? LIMITS.auditEventsReadMax : LIMITS.auditEventsListedMax;
  const read = await deps.readAudit(readMax, wanted.untilMs);
  if (read.kind === 'failed') {
    return unavailable(deps, 'audit log', read.failure);
  }
  const items = read.value.filter((event) => isWanted(event, wanted)).slice(0, LIMITS.auditEventsListedMax);
  return {
    status: 200,
    fields: { looked: read.value.length, isAll: read.value.length < readMax },
    list: { name: 'items', items },
  };
};

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/audit',
  access: 'audit:read',
  parameters: NAMES,
  about: {
    summary: 'The newest events of the audit log, as this Region holds them',
    description: 'The parameters choose by the beginning of a text; `until` leaves newer events out.',
    query: {
      actor: z.string().optional(),
      action: z.string().optional(),
      target: z.string().optional(),
      outcome: z.string().optional(),
      until: z.string().optional().meta({ description: 'a time, for instance 2026-11-22T09:00:00Z' }),
    },
    answer: {
      items: z.array(eventShape),
      looked: z.int().meta({ description: 'how many events were looked at' }),
      isAll: z.boolean().meta({ description: 'false where older events were not looked at' }),
    },
    list: 'items',
  },
  answer: async (context) => {
    const wanted = readWanted(context.parameters);
    return wanted.kind === 'refused' ? wanted.answer : listAnswer(context, wanted.value);
  },
};

const verify: GuardedRoute = {
  method: 'GET',
  path: '/v1/audit/verify',
  access: 'audit:read',
  parameters: [],
  about: {
    summary: "Recompute this Region's copy of the audit log",
    description: 'Every hash, chain and signature of the copy here. `twinmap audit verify` compares both Regions.',
    answer: {
      whole: z.boolean(),
      findings: z.array(z.object({ kind: z.string(), sentence: z.string() })),
      notes: z.array(z.string()),
      counts: z.record(z.string(), z.int()),
      keys: z.array(z.object({ region: z.string(), fingerprint: z.string() })),
    },
    problems: [422],
  },
  answer: async ({ deps }) => {
    const read = await deps.verifyAudit?.();
    if (read === undefined || read.kind === 'failed') {
      return unavailable(
        deps,
        'audit log',
        read?.failure ?? { reason: 'unknown', code: 'NotWired', message: 'this API was opened without it' },
      );
    }
    if (read.value.kind === 'too-long') {
      return problem(422, 'too-long', {
        what: 'the audit log is too long to be verified in a request',
        why: `It has more than ${LIMITS.auditVerifiedRecordsMax} records here.`,
        next: 'Run twinmap audit verify, which takes as long as it takes, and compares both Regions.',
      });
    }
    const { findings, notes, counts, keys } = read.value.verdict;
    return {
      status: 200,
      fields: {
        whole: findings.length === 0,
        findings: findings.slice(0, LIMITS.auditFindingsListedMax).map(({ kind, sentence }) => ({ kind, sentence })),
        notes,
        counts,
        keys,
      },
    };
  },
};

export const AUDIT_ROUTES: readonly GuardedRoute[] = [list, verify];
