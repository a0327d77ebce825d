/** The page of the audit log: every event is on one of its pages, and a file that is not whole says so. */
import { beforeAll, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { ConsoleStage, pageOf } from './console-stage.ts';

const EVENTS = LIMITS.auditEventsListedMax + 7;

const stage = new ConsoleStage();
const app = stage.app();
let operator = '';

const record = async (target: string, actor = 'operator:ann'): Promise<void> => {
  const outcome = await stage.api
    .dependencies()
    .audit.record({ at: stage.api.clockMs, actor, action: 'source.changed', target, outcome: 'done' });
  expect(outcome.kind).toBe('held');
};

const linkNamed = (text: string, name: string): string | undefined =>
  new RegExp(`<a href="(?<to>[^"]+)"\\s*>${name}</a`, 'u').exec(text)?.groups?.['to']?.replaceAll('&amp;', '&');

const targetsOf = (text: string): readonly string[] =>
  [...text.matchAll(/data-label="To what">(?<target>source:\d+)</gu)].map(({ groups }) => groups?.['target'] ?? '');

beforeAll(async () => {
  operator = await stage.cookie(['org-admin']);
  // More than a page, within one millisecond: only their keys tell them apart.
  for (let at = 0; at < EVENTS; at += 1) {
    await record(`source:${at.toString().padStart(3, '0')}`);
  }
});

describe('the page of the audit log', () => {
  it('leads to every event once, the newest first, and back to the newest', async () => {
    const seen: string[] = [];
    let address: string | undefined = '/console/audit?action=source';
    let text = '';
    for (; address !== undefined && seen.length <= EVENTS; address = linkNamed(text, 'Older events')) {
      ({ text } = await pageOf(app, address, operator));
      seen.push(...targetsOf(text));
    }
    expect(seen).toStrictEqual(
      Array.from({ length: EVENTS }, (_, at) => `source:${(EVENTS - 1 - at).toString().padStart(3, '0')}`),
    );
    expect(text).toContain('7 events of 7 looked at.');
    expect(linkNamed(text, 'Newest events')).toBe('/console/audit?action=source');
  });

  it('keeps a time that was chosen, and says where nothing is older', async () => {
    const until = new Date(stage.api.clockMs - 1).toISOString();
    const { text } = await pageOf(app, `/console/audit?until=${until}`, operator);
    expect(text).toContain(`value="${until}"`);
    expect(text).toContain(`There is no event in the ${LIMITS.auditLookBackDaysMax} days before.`);
    expect(linkNamed(text, 'Older events')).toBeUndefined();
  });
});

describe('the files of the audit log', () => {
  const fileOf = async (address: string): Promise<{ readonly name: string; readonly text: string }> => {
    const { response, text } = await pageOf(app, address, operator);
    expect(response.status).toBe(200);
    return { name: response.headers.get('content-disposition') ?? '', text };
  };

  it('say in themselves and in their names that there may be older events, and where they are', async () => {
    const csv = await fileOf('/console/audit.csv?action=source');
    expect(csv.name).toContain('audit-part.csv');
    expect(csv.text.trimEnd().split('\r\n').at(-1)).toMatch(/^"There may be older events than these 200: .*export/u);
    const json = await fileOf('/console/audit.json?action=source');
    expect(json.name).toContain('audit-part.json');
    const { lacks, next, items } = JSON.parse(json.text) as { lacks: string[]; next: string; items: object[] };
    expect([lacks.length, items.length]).toStrictEqual([1, LIMITS.auditEventsListedMax]);
    const rest = await fileOf(`/console/audit.csv?action=source&before=${encodeURIComponent(next)}`);
    expect(rest.name).toContain('audit-part.csv');
    expect(rest.text).toContain('Newer events are not in this file');
    expect(rest.text.trimEnd().split('\r\n')).toHaveLength(1 + 7 + 1);
  });

  it('say nothing where they are whole, and run nothing in a spreadsheet', async () => {
    for (const actor of ['operator:=1+1', ' =HYPERLINK("http://x")', '\t@SUM(A1)', '＝1+1', '-1+1|cmd']) {
      await record('source:odd', actor);
    }
    const { name, text } = await fileOf('/console/audit.csv?target=source:odd');
    expect(name).toContain('"audit.csv"');
    const actors = text
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[1]);
    expect(actors).toStrictEqual([
      `"'-1+1|cmd"`,
      `"'＝1+1"`,
      `"'@SUM(A1)"`,
      `"'=HYPERLINK(""http://x"")"`,
      'operator:=1+1',
    ]);
  });
});
