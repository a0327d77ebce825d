/** A stand-in of PagerDuty: schedules with weekly shifts, escalation policies on them, and who is on call in a span of time. */
import { FakeRefusal, type FakeReply, type FakeRequest, FakeServer, pageOf } from './fake-server.ts';

interface Thing {
  readonly id: string;
  readonly section: 'schedules' | 'escalation_policies';
  name: string;
  description: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const PEOPLE = ['Ada Lovelace', 'Grace Hopper'] as const;

const SCHEDULE = { time_zone: 'Europe/London' };
const POLICY = {
  escalation_rules: [
    { escalation_delay_in_minutes: 30, targets: [{ id: 'PUSER1', summary: PEOPLE[0], type: 'user_reference' }] },
  ],
};

export class FakePagerDuty extends FakeServer {
  readonly token = 'pagerduty-token-3c44';
  /** The list ends early, as if that were all. */
  short = false;
  readonly #things = new Map<string, Thing>();
  #created = 0;

  create(section: Thing['section'], name: string, description: string): string {
    this.#created += 1;
    const id = `P${String(this.#created).padStart(6, '0')}`;
    this.#things.set(id, { id, section, name, description });
    return id;
  }

  edit(id: string, change: { readonly name?: string; readonly description?: string }): void {
    const thing = this.#things.get(id);
    if (thing !== undefined) {
      Object.assign(thing, change);
    }
  }

  remove(id: string): void {
    this.#things.delete(id);
  }

  protected override answer({ path, query, headers }: FakeRequest): FakeReply {
    if (headers.authorization !== `Token token=${this.token}`) {
      throw new FakeRefusal(401);
    }
    if (path === '/oncalls') {
      return { json: this.#page('oncalls', this.#onCalls(query), query) };
    }
    const section = path.slice(1);
    if (section !== 'schedules' && section !== 'escalation_policies') {
      throw new FakeRefusal(404);
    }
    const things = [...this.#things.values()].filter((thing) => thing.section === section);
    const shown = things.map(({ id, name, description }) => {
      const thing = { id, name, description, html_url: `https://example.pagerduty.com/${section}/${id}` };
      return section === 'schedules' ? Object.assign(thing, SCHEDULE) : Object.assign(thing, POLICY);
    });
    return { json: { ...this.#page(section, shown, query), ...(this.short ? { more: false } : {}) } };
  }

  #page(name: string, all: readonly unknown[], query: URLSearchParams): Record<string, unknown> {
    const size = Math.min(Number(query.get('limit')), this.pageItemsMax);
    const offset = Number(query.get('offset') ?? '0');
    const { items, next } = pageOf(all, offset, size);
    const total = query.get('total') === 'true' ? all.length : null;
    return { [name]: items, limit: size, offset, more: next !== null, total };
  }

  /** Everybody is on call for a day, in turn. */
  #onCalls(query: URLSearchParams): readonly unknown[] {
    const ids = [...query.getAll('schedule_ids[]'), ...query.getAll('escalation_policy_ids[]')];
    const since = Date.parse(query.get('since') ?? '');
    const until = Date.parse(query.get('until') ?? '');
    const shifts: unknown[] = [];
    for (const id of ids) {
      const thing = this.#things.get(id);
      for (let start = since; start < until; start += DAY_MS) {
        if (thing === undefined) {
          break;
        }
        shifts.push({
          user: { id: `PUSER${String((start / DAY_MS) % 2)}`, summary: PEOPLE[(start / DAY_MS) % 2] },
          schedule: thing.section === 'schedules' ? { id, summary: thing.name } : null,
          escalation_policy: { id: thing.section === 'schedules' ? 'PNONE' : id, summary: thing.name },
          escalation_level: 1,
          start: new Date(start).toISOString(),
          end: new Date(start + DAY_MS).toISOString(),
        });
      }
    }
    return shifts;
  }
}
