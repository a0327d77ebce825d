/** The console in process: who sees which page, what comes from outside stays text, and what changes something comes from here. */
import { beforeAll, describe, expect, it } from 'vitest';

import { PAGES } from '../../../functions/console/pages.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { requestIdOf } from '../../../functions/query/request-id.ts';
import { consoleFiles } from '../../../scripts/build/console-files.ts';
import { ROOT } from '../../support/pair-stage.ts';
import { ConsoleStage, pageOf } from './console-stage.ts';
import { incident, INCIDENT_PATH, row, said, step } from './planted-incident.ts';

const HOSTILE = `<img src=x onerror=alert(1)>"'\u202Emirrored`;
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };

const stage = new ConsoleStage();
const app = stage.app();
let reader = '';
let operator = '';

const rows = [
  row('orders', {
    owner: said('team-orders'),
    onCall: [said('PORDERS')],
    runbooks: [said('orders', { id: 'runbook:orders', attributes: { title: 'Orders runbook' } })],
    ties: [step('component:orders', 'region:us-west-2', { alternates: ['eu-west-1'] })],
  }),
  row('ledger', { impact: 'UNKNOWN', unknowns: 2 }),
];

beforeAll(async () => {
  await stage.api.corpus.commitSource('docs', { name: 'The docs' });
  await stage.api.corpus.add(
    'docs',
    'adr/7.md',
    `# Two Regions\n\nA write is acknowledged when both hold it. ${HOSTILE}\n`,
  );
  stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
  reader = await stage.cookie(['reader']);
  operator = await stage.cookie(['org-admin']);
});

const READABLE = ['/console/incident', '/console/search?q=regions', '/console/sources', '/console/workspaces'];

describe('who sees what', () => {
  it.each(PAGES.filter(({ method }) => method !== 'POST').map(({ path }) => path))(
    '%s is the page to sign in for whoever shows no token',
    async (path) => {
      const { response, text } = await pageOf(app, `/console${path}`);
      expect(response.status).toBe(401);
      expect(text).toContain('<h1>Sign in</h1>');
      expect(text).toContain('Scheduled work here');
      expect(text).not.toContain('The docs');
    },
  );

  it.each(READABLE)('a reader sees %s', async (address) => {
    const { response, text } = await pageOf(app, address, reader);
    expect(response.status).toBe(200);
    expect(text).toContain('aria-current="page"');
    expect(text).toContain('us-east-2 · primary · active · epoch 7');
  });

  it('a reader is told in words that the audit log is not theirs, and an operator sees it', async () => {
    const refused = await pageOf(app, '/console/audit', reader);
    expect(refused.response.status).toBe(403);
    expect(refused.text).toContain('This token may not do that');
    const shown = await pageOf(app, '/console/audit', operator);
    expect(shown.response.status).toBe(200);
  });

  it('a token for one source sees nothing of another, on any page', async () => {
    const other = await stage.cookie(['reader'], ['other']);
    for (const address of ['/console/search?q=acknowledged', '/console/sources', '/console/source?id=docs']) {
      const { text } = await pageOf(app, address, other);
      expect(text).not.toContain('The docs');
      expect(text).not.toContain('adr/7.md');
    }
  });

  it('a revoked or foreign token leads to the page to sign in, and the cookie goes', async () => {
    const { response } = await pageOf(app, '/console/sources', 'twinmap_token=twm_nothing');
    expect(response.status).toBe(401);
    expect(response.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it('the page to sign in is a page of its own, too', async () => {
    const { response, text } = await pageOf(app, '/console/sign-in');
    expect(response.status).toBe(200);
    expect(text).not.toContain('Sign out');
  });

  it('an address that is no page is told so, with the way back', async () => {
    const { response, text } = await pageOf(app, '/console/nowhere', reader);
    expect(response.status).toBe(404);
    expect(text).toContain('/console/incident');
  });
});

describe('headers', () => {
  it.each(['/console/incident', '/console/sign-in', '/console/assets/script.js', '/console/nowhere'])(
    '%s brings a policy without anything inline and from anywhere else',
    async (address) => {
      const { response, text } = await pageOf(app, address, reader);
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https:|data:|\*/u);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(text).not.toMatch(/<style|style="|<script>|\son\w+="|javascript:/u);
    },
  );

  it('pages are not kept, and files named by their bytes are', async () => {
    expect((await pageOf(app, '/console/sources', reader)).response.headers.get('cache-control')).toBe('no-store');
    expect((await pageOf(app, '/console/assets/icon.svg')).response.headers.get('cache-control')).toContain(
      'immutable',
    );
  });

  it('script, style and icon are far under 150 kB', async () => {
    const bytes = [...(await consoleFiles(ROOT)).values()].reduce((total, file) => total + file.length, 0);
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(40_000);
  });
});

const post = async (
  address: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> =>
  app.request(address, {
    method: 'POST',
    body: new URLSearchParams(form).toString(),
    headers: { ...SAME_ORIGIN, ...headers },
  });

describe('signing in', () => {
  it('keeps a good token in a cookie that no script reads and no other site sends', async () => {
    const token = reader.split('=')[1] ?? '';
    const response = await post(
      '/console/sign-in',
      { token, to: '/console/search?q=gate' },
      { 'x-forwarded-proto': 'https' },
    );
    expect([response.status, response.headers.get('location')]).toStrictEqual([303, '/console/search?q=gate']);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^twinmap_token=twm_\w+.*; Path=\/console; HttpOnly; SameSite=Strict; .*Secure$/u);
  });

  it('refuses another one in words, and keeps nothing', async () => {
    for (const token of ['twm_0000000000000000_0000000000000000000000000000000000000000000', 'two words', '']) {
      const response = await post('/console/sign-in', { token }, {});
      expect(response.status).toBe(401);
      expect(response.headers.get('set-cookie')).toContain('Max-Age=0');
      expect(await response.text()).toContain('role="alert"');
    }
  });

  it('says of a token that no cookie holds how long it is, and that nobody has judged it', async () => {
    const before = stage.asked.length;
    const response = await post('/console/sign-in', { token: 'a'.repeat(LIMITS.consoleTokenCharsMax + 500) }, {});
    const text = await response.text();
    expect(response.status).toBe(401);
    expect(text).toContain('The token is too long for a browser: it has 4,000 characters, and a cookie holds 3,500.');
    expect(text).not.toMatch(/That is no token|not accepted/u);
    // The open state alone, which every page shows.
    expect(stage.asked.slice(before)).toStrictEqual([{ method: 'GET', path: '/v1/status', body: '' }]);
    const held = await post('/console/sign-in', { token: 'a'.repeat(LIMITS.consoleTokenCharsMax) }, {});
    expect(await held.text()).toContain('The token is not accepted');
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/console//evil',
    '/v1/sources',
    '/console/sign-out',
    'javascript:1',
  ])('goes to no place but a page of the console afterwards: %s', async (to) => {
    const response = await post('/console/sign-in', { token: reader.split('=')[1] ?? '', to }, {});
    expect(response.headers.get('location')).toBe('/console/incident');
  });

  it('a link from a chat is asked for once more by the page itself, which is sent the cookie', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const response = await app.request('/console/incident?region=us-west-2', { headers });
    expect([response.status, response.headers.get('refresh')]).toStrictEqual([200, '0']);
    const again = await app.request('/console/incident', { headers: { ...headers, 'sec-fetch-site': 'same-origin' } });
    expect(again.status).toBe(401);
  });

  it('signing out takes the cookie away', async () => {
    const response = await post('/console/sign-out', {}, { cookie: reader });
    expect(response.headers.get('set-cookie')).toContain(
      'twinmap_token=; Path=/console; HttpOnly; SameSite=Strict; Max-Age=0',
    );
  });
});

describe('changes', () => {
  const change = { id: 'team', name: 'Team', visibility: 'private' };

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour of the site', { 'sec-fetch-site': 'same-site' }],
    ['an old browser elsewhere', { origin: 'https://evil.example', host: 'twinmap.example' }],
    ['nobody who says where', {}],
  ])('a form from %s changes nothing', async (_who, headers) => {
    const before = stage.asked.length;
    for (const address of [
      '/console/workspaces',
      '/console/source-action',
      '/console/source-edit',
      '/console/sign-in',
    ]) {
      const response = await app.request(address, {
        method: 'POST',
        body: new URLSearchParams(change).toString(),
        headers: { cookie: operator, 'content-type': 'application/x-www-form-urlencoded', ...headers },
      });
      expect(response.status).toBe(403);
    }
    expect(stage.asked.slice(before).filter(({ method }) => method !== 'GET')).toStrictEqual([]);
  });

  it('an older browser behind the router is told by the host that it asked for', async () => {
    const headers = { origin: 'https://map.example', host: 'twinmap1.example', 'x-forwarded-host': 'map.example' };
    const response = await app.request('/console/sign-out', { method: 'POST', headers });
    expect(response.status).toBe(303);
  });

  it('a form that is sent twice is one change, and says where it is held', async () => {
    const form = { ...change, key: 'key-0000-0001' };
    const first = await (await post('/console/workspaces', form, { cookie: operator })).text();
    const second = await (await post('/console/workspaces', form, { cookie: operator })).text();
    const texts = [first, second];
    expect(texts.map((text) => text.includes('Both Regions hold it.'))).toStrictEqual([true, true]);
    const { text } = await pageOf(app, '/console/workspaces', operator);
    expect(text.match(/workspace\?id=team/gu)).toHaveLength(1);
  });

  it('what is refused keeps what was typed, and says what to do', async () => {
    const form = { isNew: 'yes', id: 'wiki', kind: 'git', config: '{"url": ', enabled: 'yes' };
    const response = await post('/console/source-edit', form, { cookie: operator });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).toContain('Nothing was changed: the configuration can&#39;t be read');
    expect(text).toContain('value="wiki"');
  });

  it('a source goes only where its id was typed', async () => {
    const before = stage.asked.length;
    const response = await post(
      '/console/source-action',
      { id: 'docs', action: 'remove', confirm: 'doc' },
      { cookie: operator },
    );
    expect(await response.text()).toContain('it was not confirmed');
    expect(stage.asked.slice(before).some(({ method }) => method === 'DELETE')).toBe(false);
  });

  it('a reader’s form is refused by the API itself', async () => {
    const response = await post(
      '/console/workspaces',
      { id: 'x', name: 'x', visibility: 'private' },
      { cookie: reader },
    );
    expect(await response.text()).toContain('this token may not do that');
  });
});

describe('what comes from outside', () => {
  const hostile = row(HOSTILE, {
    component: `component:${HOSTILE}`,
    owner: said(HOSTILE, { from: HOSTILE }),
    onCall: [said(HOSTILE)],
    runbooks: [said(HOSTILE, { attributes: { title: HOSTILE, status: HOSTILE } })],
    environments: [HOSTILE],
    path: [step(`component:${HOSTILE}`, 'region:us-west-2', { expression: HOSTILE, hint: HOSTILE, via: HOSTILE })],
  });

  it.each(['/console/incident', '/console/incident.svg', '/console/incident.md'])('is text in %s', async (address) => {
    stage.planted = { [INCIDENT_PATH]: { fields: incident([hostile], { rules: HOSTILE, missing: [HOSTILE] }) } };
    const { response, text } = await pageOf(app, `${address}?region=us-west-2`, reader);
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
    expect(response.status).toBe(200);
    expect(text).not.toContain('<img');
    expect(text).not.toContain('\u202E');
    expect(text).toContain('&lt;img');
  });

  it('is text in passages, questions and names of Regions', async () => {
    const search = await pageOf(app, `/console/search?q=${encodeURIComponent(`acknowledged ${HOSTILE}`)}`, reader);
    expect(search.text).not.toContain('<img');
    expect(search.text).toContain('<mark>acknowledged</mark>');
    const region = await pageOf(app, `/console/incident?region=${encodeURIComponent(HOSTILE)}`, reader);
    expect(region.response.status).toBe(400);
    expect(region.text).not.toContain('<img');
  });

  it('is no formula in a spreadsheet', async () => {
    stage.planted = { [INCIDENT_PATH]: { fields: incident([row('=HYPERLINK("http://x")'), row('a,"b"\nc')]) } };
    const { text } = await pageOf(app, '/console/incident.csv?region=us-west-2', reader);
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
    expect(text).toContain(`DOWN,"'=HYPERLINK(""http://x"")"`);
    expect(text.trimEnd().split('\r\n')).toHaveLength(3);
  });
});

describe('an incident', () => {
  it('says what fails, whose it is, whom to page, what to do, and proves it', async () => {
    const { text } = await pageOf(app, '/console/incident?region=us-west-2', reader);
    for (const part of [
      'team-orders',
      'PORDERS',
      'Orders runbook',
      'eu-west-1',
      'shop@c0ffee00c0:infra/main.tf:12',
      '2 ties unknown',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/href="\/console\/document\?id=docs~[0-9a-f]{20}#line-12"|id=docs%7E[0-9a-f]{20}#line-12/u);
  });

  it('leads to a runbook of the web and to the section that helps, and says what is out of force, also in its files', async () => {
    const people = [said('PORDERS', { attributes: { service: 'pagerduty', shift: 'Monday to Friday' } })];
    const runbooks = [
      said('wiki', { attributes: { url: 'https://wiki.example.com/orders' } }),
      said('script', { attributes: { url: 'javascript:alert(1)' } }),
      said('failure', { attributes: { section: 'Work-around', sectionLine: '34' } }),
    ];
    const decisions = [said('one Region', { attributes: { status: 'superseded by 2' } })];
    const planted = row('orders', { onCall: people, runbooks, decisions });
    stage.planted = { [INCIDENT_PATH]: { fields: incident([planted]) } };
    const page = await pageOf(app, '/console/incident?region=us-west-2', reader);
    const csv = await pageOf(app, '/console/incident.csv?region=us-west-2', reader);
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
    expect(page.text).toContain('href="https://wiki.example.com/orders"');
    expect(page.text).not.toContain('javascript:');
    expect(page.text).toMatch(/#line-34">Work-around</u);
    expect(page.text).toContain('PORDERS (pagerduty, Monday to Friday)');
    expect(csv.text).toContain('one Region (superseded by 2)');
  });

  it('is chosen from by its address alone', async () => {
    const { text } = await pageOf(app, '/console/incident?region=us-west-2&impact=UNKNOWN', reader);
    expect([text.includes('>orders<'), text.includes('ledger')]).toStrictEqual([false, true]);
    const markdown = await pageOf(app, '/console/incident.md?region=us-west-2&text=team-orders', reader);
    expect(markdown.text).toContain('| orders | 1 | 0 | team\\-orders |');
    expect(markdown.response.headers.get('content-disposition')).toBe('attachment; filename="incident-us-west-2.md"');
  });

  it('as a file says what was chosen of it, and what it does not hold', async () => {
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows, { isCut: true }) } };
    const lacks = 'More was reached than this answer holds.';
    for (const kind of ['md', 'csv', 'svg']) {
      const { text } = await pageOf(app, `/console/incident.${kind}?region=us-west-2`, reader);
      expect(text).toContain(lacks);
    }
    const csv = await pageOf(app, '/console/incident.csv?region=us-west-2', reader);
    expect(csv.text.trimEnd().split('\r\n').at(-1)).toBe(lacks);
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
    const chosen = await pageOf(app, '/console/incident.md?region=us-west-2&impact=DOWN&text=orders', reader);
    expect(chosen.text).toContain('Only a choice of its rows, DOWN with "orders"; the counts are of all.');
    const whole = await pageOf(app, '/console/incident.md?region=us-west-2', reader);
    expect(whole.text).not.toMatch(/Only a choice|More was reached/u);
  });

  it('counts what may not be named, and says where it is cut', async () => {
    const restricted = { DOWN: 3, DEGRADED: 0, 'CONTROL-PLANE': 0, UNKNOWN: 0 };
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows, { restricted, isCut: true, unchecked: 4 }) } };
    const { text } = await pageOf(app, '/console/incident', reader);
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
    expect(text).toContain('3 not named to you');
    expect(text).toContain('More components are reached than one answer takes');
    expect(text).toContain('4 names without a place were not looked up');
  });

  it('of thousands of components is no larger than a load balancer takes, and says what is left out', async () => {
    const many = Array.from({ length: 3000 }, (_, at) =>
      row(`service-${at}`, { owner: said('team'), onCall: [said('P1')] }),
    );
    stage.planted = { [INCIDENT_PATH]: { fields: incident(many) } };
    const page = await pageOf(app, '/console/incident', reader);
    const csv = await pageOf(app, '/console/incident.csv', reader);
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
    expect(page.response.status).toBe(200);
    expect(page.text).toMatch(/[\d,]+ more rows: narrow/u);
    expect(page.text.match(/data-component="component:service/gu)?.length).toBeGreaterThan(300);
    for (const { text } of [page, csv]) {
      expect(JSON.stringify(text).length).toBeLessThan(1024 * 1024);
    }
  });

  it('of a Region that nothing depends on says so', async () => {
    stage.planted = { [INCIDENT_PATH]: { fields: incident([]) } };
    const { text } = await pageOf(app, '/console/incident', reader);
    stage.planted = { [INCIDENT_PATH]: { fields: incident(rows) } };
    expect(text).toContain('Nothing that you may read is known to depend on it');
  });
});

describe('the id of a request', () => {
  it('goes from the page to every question that it asks', async () => {
    const response = await app.request('/console/sources', {
      headers: { cookie: reader, 'x-request-id': 'from-the-router-1' },
    });
    expect(response.headers.get('x-request-id')).toBe('from-the-router-1');
    expect(stage.api.telemetry.logs.at(-1)).toContain('"requestId":"from-the-router-1"');
  });

  it('is the trace’s where there is one, and a new one where what is sent could be mistaken', () => {
    const idOf = (headers: Readonly<Record<string, string>>): string => requestIdOf(new Headers(headers), () => 'new');
    expect(idOf({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })).toBe('a'.repeat(32));
    expect(idOf({ traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` })).toBe('new');
    expect(idOf({ 'x-request-id': '"}{"level":"error' })).toBe('new');
    expect(idOf({ 'x-request-id': 'short' })).toBe('new');
  });
});
