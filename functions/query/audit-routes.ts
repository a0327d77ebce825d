/** The audit log over HTTP, for operators: the newest events that this Region holds, chosen from, and whether its copy is whole. */
import { z } from 'zod';

import { parseEventName } from '../audit/keys.ts';
import type { ReadEvent, ReadEvents, ReadFrom } from '../audit/read-events.ts';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type AuditEvent } from '../domain/audit-event.ts';
import { LIMITS } from '../domain/limits.ts';
import { type Answer, ANSWER_BYTES_MAX, fitting, problem } from './answer.ts';
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
  key: z.string().meta({ description: 'its place in the log: no other event has it' }),
});

/** Of the console, too. */
export const auditListShape = {
  items: z.array(eventShape),
  looked: z.int().meta({ description: 'how many events were looked at' }),
  isAll: z.boolean().meta({ description: 'false where there may be older ones' }),
  next: z
    .string()
    .nullable()
    .meta({
      description: `where this answer ends: send it as \`before\` for what is older; null where the ${LIMITS.auditLookBackDaysMax} days before hold none`,
    }),
};

/** Of the console, too. */
export const auditVerdictShape = {
  whole: z.boolean(),
  findings: z.array(z.object({ kind: z.string(), sentence: z.string() })),
  notes: z.array(z.string()),
  counts: z.record(z.string(), z.int()),
  keys: z.array(z.object({ region: z.string(), fingerprint: z.string() })),
};

interface Wanted {
  readonly texts: Readonly<Partial<Record<'actor' | 'action' | 'target' | 'outcome', string>>>;
  readonly from: ReadFrom;
}

const TEXTS = ['actor', 'action', 'target', 'outcome'] as const;
const NAMES: readonly string[] = [...TEXTS, 'until', 'before'];

const refuse = (name: string, why: string): Parameters<Wanted> => ({
  kind: 'refused',
  answer: problem(400, 'bad-parameter', {
    what: `the parameter "${name}" can't be taken`,
    why,
    next: 'Send each once; "until" as 2026-11-22T09:00:00Z, and "before" as the "next" of an answer.',
  }),
});

const readWanted = (parameters: URLSearchParams): Parameters<Wanted> => {
  const twice = NAMES.find((name) => parameters.getAll(name).length > 1);
  if (twice !== undefined) {
    return refuse(twice, 'It is given more than once.');
  }
  const until = parameters.get('until') ?? '';
  const untilMs = until === '' ? undefined : Date.parse(until);
  if (Number.isNaN(untilMs)) {
    return refuse('until', `"${shownText(until)}" is no time.`);
  }
  const before = parameters.get('before') ?? '';
  if (before !== '' && parseEventName(before) === undefined) {
    return refuse('before', `"${shownText(before)}" is no place in the log.`);
  }
  const from = { ...(untilMs === undefined ? {} : { untilMs }), ...(before === '' ? {} : { before }) };
  const texts = Object.fromEntries(
    TEXTS.flatMap((name) => {
      const text = parameters.get(name) ?? '';
      return text === '' ? [] : [[name, text]];
    }),
  );
  return { kind: 'read', value: { texts, from } };
};

/** An action or an actor is found by its beginning: `gate` finds every event of the gate. */
const isWanted = (event: AuditEvent, { texts }: Wanted): boolean =>
  TEXTS.every((name) => event[name].startsWith(texts[name] ?? ''));

/** The rest of an answer is where each source stands. */
const EVENTS_BYTES_MAX = ANSWER_BYTES_MAX / 2;

/** What an answer leaves out is what the next one begins with: it goes on after the last event that was shown, or looked at. */
const nextOf = ({ events, isEnd }: ReadEvents, shown: readonly ReadEvent[], isCut: boolean): string | null => {
  if (isCut) {
    return shown.at(-1)?.key ?? null;
  }
  return isEnd ? null : (events.at(-1)?.key ?? null);
};

const listAnswer = async ({ deps }: GuardedContext, wanted: Wanted): Promise<Answer> => {
  const isChosen = Object.keys(wanted.texts).length > 0;
  const readMax = isChosen ? LIMITS.auditEventsReadMax : LIMITS.auditEventsListedMax;
  const read = await deps.readAudit(readMax, wanted.from);
  if (read.kind === 'failed') {
    return unavailable(deps, 'audit log', read.failure);
  }
  const { events } = read.value;
  const wantedEvents = events.filter((event) => isWanted(event, wanted));
  const { shown } = fitting(wantedEvents.slice(0, LIMITS.auditEventsListedMax), EVENTS_BYTES_MAX);
  const next = nextOf(read.value, shown, shown.length < wantedEvents.length);
  return {
    status: 200,
    fields: { looked: events.length, isAll: next === null, next },
    list: { name: 'items', items: shown },
  };
};

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/audit',
  access: 'audit:read',
  parameters: NAMES,
  about: {
    summary: 'The newest events of the audit log, as this Region holds them',
    description:
      'The parameters choose by the beginning of a text; `until` leaves newer events out. One answer looks at the newest of ' +
      'them and some weeks back; `before` goes on from there. `twinmap audit export` writes the whole log.',
    query: {
      actor: z.string().optional(),
      action: z.string().optional(),
      target: z.string().optional(),
      outcome: z.string().optional(),
      until: z.string().optional().meta({ description: 'a time, for instance 2026-11-22T09:00:00Z' }),
      before: z.string().optional().meta({ description: 'the `next` of an answer' }),
    },
    answer: auditListShape,
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
    answer: auditVerdictShape,
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
