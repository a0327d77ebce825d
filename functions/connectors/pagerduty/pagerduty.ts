/**
 * PagerDuty: who is on call and who comes next, as dated documents: one for each schedule and each escalation policy. They are read
 * whole every time, and say for which days: during an incident nobody asks the service itself. The days begin at midnight UTC, so
 * that a document changes when a shift does, or the day, and not with every reading.
 */
import { z } from 'zod';

import { FeedConnector } from '../feed/feed-connector.ts';
import type { Feed, FeedContent, FeedItem, FeedPage } from '../feed/feed.ts';
import { headerAuthorization } from '../http/authorization.ts';
import { HttpClient } from '../http/http-client.ts';
import { dateOf } from '../http/source-time.ts';
import { defineKind, httpSettingOf } from '../kind.ts';
import { secretReferenceSchema } from '../secrets.ts';
import { SourceTrouble } from '../source-trouble.ts';
import { pathName, revisionOf, titledText } from '../text/titled.ts';

const configSchema = z.strictObject({
  /** `https://api.eu.pagerduty.com` for accounts of the European service region. */
  url: z.url().default('https://api.pagerduty.com'),
  token: secretReferenceSchema,
  daysAhead: z.int().min(1).max(30).default(7),
});

const PAGE_ITEMS_MAX = 100;
const DAY_MS = 24 * 60 * 60 * 1000;
const HEADERS = { accept: 'application/vnd.pagerduty+json;version=2' };
const SECTIONS = ['schedules', 'escalation_policies'] as const;

type Section = (typeof SECTIONS)[number];

const reference = z.looseObject({ id: z.string(), summary: z.string().nullish() });
const thingSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  html_url: z.string().nullish(),
  time_zone: z.string().nullish(),
  /** Of an escalation policy: what it is paged for. */
  services: z.array(reference).nullish(),
  escalation_rules: z
    .array(z.looseObject({ escalation_delay_in_minutes: z.number(), targets: z.array(reference) }))
    .nullish(),
});
const more = { more: z.boolean(), total: z.int().nullish() };
const thingsSchema = z.looseObject({
  schedules: z.array(thingSchema).optional(),
  escalation_policies: z.array(thingSchema).optional(),
  ...more,
});
const shiftSchema = z.looseObject({
  user: reference,
  schedule: reference.nullish(),
  escalation_policy: reference,
  escalation_level: z.int(),
  start: z.string().nullish(),
  end: z.string().nullish(),
});
const shiftsSchema = z.looseObject({ oncalls: z.array(shiftSchema), ...more });

type Thing = z.infer<typeof thingSchema>;
type Shift = z.infer<typeof shiftSchema>;

const minuteOf = (time: string | null | undefined): string =>
  typeof time === 'string' ? `${new Date(time).toISOString().slice(0, 16)}Z` : 'always';

const shiftLine = ({ user, escalation_level: level, start, end }: Shift): string =>
  `- ${minuteOf(start)} to ${minuteOf(end)}: ${user.summary ?? user.id} (level ${String(level)})`;

const rulesOf = ({ escalation_rules: rules }: Thing): string =>
  (rules ?? [])
    .map(({ escalation_delay_in_minutes: minutes, targets }, at) => {
      const names = targets.map(({ id, summary }) => summary ?? id).join(', ');
      return `${String(at + 1)}. ${names}; after ${String(minutes)} minutes the next level`;
    })
    .join('\n');

/** By the ids that catalogs name. */
const servicesOf = ({ services }: Thing): string => {
  const lines = (services ?? []).map(
    ({ id, summary }) => `- service ${id}${summary === null || summary === undefined ? '' : ` ${summary}`}`,
  );
  return lines.length === 0 ? '' : `## Services\n\n${lines.toSorted().join('\n')}`;
};

class PagerDutyFeed implements Feed {
  readonly kind = 'pagerduty';
  readonly deletions = 'listing';
  readonly readItemsMax = 1;
  readonly display: string;
  readonly #http: HttpClient;
  readonly #daysAhead: number;

  constructor(http: HttpClient, daysAhead: number) {
    this.#http = http;
    this.#daysAhead = daysAhead;
    this.display = `PagerDuty at ${http.base.host}`;
  }

  async begin(signal: AbortSignal): Promise<string> {
    const call = { url: '/schedules?limit=1', what: 'the schedules', signal, headers: HEADERS };
    return dateOf(await this.#http.json(call, thingsSchema), this.display);
  }

  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    const [name = SECTIONS[0], text = '0'] = page === null ? [] : page.split(' ', 2);
    const section = SECTIONS.find((one) => one === name) ?? SECTIONS[0];
    const offset = Number(text);
    const url = `/${section}?limit=${String(PAGE_ITEMS_MAX)}&offset=${String(offset)}&total=true`;
    const answer = await this.#http.json({ url, what: section, signal, headers: HEADERS }, thingsSchema);
    const things = answer.value[section] ?? [];
    const today = dateOf(answer, this.display).slice(0, 10);
    const shifts = things.length === 0 ? [] : await this.#shifts(section, things, today, signal);
    if (!answer.value.more && offset + things.length < (answer.value.total ?? 0)) {
      throw new SourceTrouble('incomplete', `${this.display} ends the list of ${section} before its last one.`);
    }
    const after = SECTIONS[SECTIONS.indexOf(section) + 1];
    const followed = after === undefined ? null : `${after} 0`;
    return {
      entries: things.map((thing) => ({ kind: 'item', item: this.#itemOf(section, thing, shifts, today) })),
      next: answer.value.more ? `${section} ${String(offset + things.length)}` : followed,
    };
  }

  /** Pages bring everything. */
  async read(): Promise<ReadonlyMap<string, FeedContent>> {
    return new Map();
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #shifts(
    section: Section,
    things: readonly Thing[],
    today: string,
    signal: AbortSignal,
  ): Promise<readonly Shift[]> {
    const since = `${today}T00:00:00Z`;
    const until = new Date(Date.parse(since) + this.#daysAhead * DAY_MS).toISOString();
    const filter = section === 'schedules' ? 'schedule_ids[]' : 'escalation_policy_ids[]';
    const ids = things.map(({ id }) => `${encodeURIComponent(filter)}=${encodeURIComponent(id)}`).join('&');
    const shifts: Shift[] = [];
    for (;;) {
      const url = `/oncalls?since=${since}&until=${until}&limit=${String(PAGE_ITEMS_MAX)}&offset=${String(shifts.length)}&${ids}`;
      const { value } = await this.#http.json({ url, what: 'the shifts', signal, headers: HEADERS }, shiftsSchema);
      shifts.push(...value.oncalls);
      if (!value.more || value.oncalls.length === 0) {
        return shifts;
      }
    }
  }

  #itemOf(section: Section, thing: Thing, shifts: readonly Shift[], today: string): FeedItem {
    const mine = shifts
      .filter((shift) => (section === 'schedules' ? shift.schedule?.id : shift.escalation_policy.id) === thing.id)
      .map((shift) => shiftLine(shift))
      .toSorted();
    const isSchedule = section === 'schedules';
    const rules = rulesOf(thing);
    const text = titledText(
      `On call: ${thing.name}`,
      [
        ['Kind', isSchedule ? 'schedule' : 'escalation policy'],
        ['As of', `${today}, for ${String(this.#daysAhead)} days`],
        ['Time zone', thing.time_zone ?? ''],
      ],
      [
        thing.description ?? '',
        rules === '' ? '' : `## Escalation\n\n${rules}`,
        servicesOf(thing),
        `## Shifts\n\n${mine.length === 0 ? 'Nobody is on call.' : [...new Set(mine)].join('\n')}`,
      ]
        .filter((part) => part !== '')
        .join('\n\n'),
    );
    return {
      id: `${isSchedule ? 'schedule' : 'policy'}/${thing.id}`,
      rev: revisionOf(text),
      path: `on-call/${isSchedule ? 'schedules' : 'escalation'}/${pathName(thing.name)}.md`,
      changedAt: '',
      ...(typeof thing.html_url === 'string' ? { url: thing.html_url } : {}),
      content: { kind: 'text', text },
    };
  }
}

export const pagerduty = defineKind({
  kind: 'pagerduty',
  schema: configSchema,
  open: (config, setting) => {
    const authorize = headerAuthorization(setting.secrets, config.token, 'authorization', 'Token token=[secret]');
    const http = new HttpClient(config.url, httpSettingOf(setting), authorize);
    return new FeedConnector(new PagerDutyFeed(http, config.daysAhead), setting);
  },
});
