/** What is asked of the console in a browser: each check is one sentence, and says what it saw where it fails. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

import { COMPONENTS, ConsoleWorld, FAILED_REGION, REPORT_ID } from './console-world.ts';

export interface Finding {
  readonly isGood: boolean;
  readonly what: string;
}

export interface CheckOptions {
  readonly out: string;
  readonly say: (line: string) => void;
}

interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
}

const DESK: Look = { colorScheme: 'light', viewport: { width: 1280, height: 800 } };
const LOOKS: Readonly<Record<string, Look>> = {
  light: DESK,
  dark: { ...DESK, colorScheme: 'dark' },
  phone: { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
};

const INCIDENT = `/console/incident?region=${FAILED_REGION}`;
const PAGES: Readonly<Record<string, string>> = {
  incident: INCIDENT,
  search: '/console/search?q=when+is+a+write+acknowledged',
  regions: '/console/regions',
  sources: '/console/sources',
  'source-edit': '/console/source-edit',
  workspaces: '/console/workspaces',
  workspace: '/console/workspace?id=global',
  audit: '/console/audit',
  'audit-verify': '/console/audit-verify',
};

const RENDER_MS_MAX = 500;
const WAIT_MS = 45_000;
const ASSETS_BYTES_MAX = 150_000;
const CHROMIUM = '/usr/bin/chromium';
const CHROMIUM_ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

interface Measured {
  readonly overlaps: number;
  readonly overflows: number;
  readonly labels: number;
}

/** Runs in the page: the boxes of the labels as the browser has drawn them. */
const MEASURE_LABELS = `(() => {
  const boxes = [...document.querySelectorAll('svg.radius .node')].map((node) => ({
    rect: node.querySelector('rect').getBoundingClientRect(),
    text: node.querySelector('text.name').getBoundingClientRect(),
  }));
  let overlaps = 0;
  for (let i = 0; i < boxes.length; i += 1) {
    for (let j = i + 1; j < boxes.length; j += 1) {
      const [a, b] = [boxes[i].rect, boxes[j].rect];
      if (a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5) overlaps += 1;
    }
  }
  const overflows = boxes.filter(({ rect, text }) => text.left < rect.left - 0.5 || text.right > rect.right + 0.5).length;
  return { overlaps, overflows, labels: boxes.length };
})()`;

/** From the last byte of the answer to the end of layout. */
const MEASURE_RENDER = `new Promise((resolve) => {
  const [entry] = performance.getEntriesByType('navigation');
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(entry.domComplete - entry.responseEnd)));
})`;

export class ConsoleCheck {
  readonly figures: Record<string, number> = {};
  readonly #options: CheckOptions;
  readonly #world: ConsoleWorld;
  readonly #browser: Browser;
  readonly #findings: Finding[] = [];
  readonly #elsewhere = new Set<string>();
  readonly #complaints = new Set<string>();
  #assetsBytes = new Map<string, number>();

  private constructor(options: CheckOptions, world: ConsoleWorld, browser: Browser) {
    this.#options = options;
    this.#world = world;
    this.#browser = browser;
  }

  static async open(options: CheckOptions): Promise<ConsoleCheck> {
    const world = new ConsoleWorld();
    options.say('Two Regions are brought up, and read an organisation of two hundred components …');
    await world.open();
    await world.compare();
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
    return new ConsoleCheck(options, world, browser);
  }

  async everything(): Promise<readonly Finding[]> {
    const { primary, router } = {
      primary: this.#world.endpoint('primary'),
      router: this.#world.router?.url ?? '',
    };
    await this.#state('withoutToken', async () => this.#withoutToken(primary));
    await this.#state('whileWell', async () => this.#whileWell(primary));
    await this.#state('throughTheRouter', async () => this.#throughTheRouter(router));
    await this.#state('whileRootsDiffer', async () => this.#whileRootsDiffer(primary));
    await this.#state('duringFailover', async () => this.#duringFailover(primary));
    await this.#state('withoutHomeVectors', async () => this.#withoutHomeVectors(primary));
    await this.#state('withoutThePeer', async () => this.#withoutThePeer(primary, router));
    const assets = [...this.#assetsBytes.values()].reduce((total, bytes) => total + bytes, 0);
    this.figures['assetsBytes'] = assets;
    this.#note(assets > 0 && assets < ASSETS_BYTES_MAX, `script, style and icon have ${assets} bytes in all`);
    this.#note(this.#elsewhere.size === 0, `no request leaves the origin: ${[...this.#elsewhere].join(', ')}`);
    this.#note(this.#complaints.size === 0, `the browser complains of nothing: ${[...this.#complaints].join(' | ')}`);
    return this.#findings;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#world.close();
  }

  // --- states ---

  async #withoutToken(origin: string): Promise<void> {
    const { page, context } = await this.#open(origin, DESK, undefined);
    await page.goto(`${origin}${INCIDENT}`);
    this.#note((await page.locator('h1').textContent()) === 'Sign in', 'without a token there is the page to sign in');
    this.#note((await this.#text(page)).includes('Scheduled work here'), 'and the open state of the Region');
    await this.#judge(page, 'sign-in-light');
    await page.fill('#token', 'twm_0000000000000000_0000000000000000000000000000000000000000000');
    await page.keyboard.press('Enter');
    await page.locator('[role=alert]').waitFor();
    this.#note((await this.#text(page)).includes('not accepted'), 'a token that is not known is refused in words');
    await context.close();
  }

  async #whileWell(origin: string): Promise<void> {
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page, context } = await this.#open(origin, options, 'operator');
      await this.#everyPage(page, origin, `well-${look}`);
      await context.close();
    }
    await this.#state('incident', async () => this.#incident(origin));
    await this.#state('keys', async () => this.#keys(origin));
    await this.#state('change', async () => this.#aVisitorsChange(origin));
  }

  async #incident(origin: string): Promise<void> {
    const { page, context } = await this.#open(origin, DESK, 'reader');
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await page.goto(`${origin}${INCIDENT}`);
      times.push(await page.evaluate<number>(MEASURE_RENDER));
    }
    const [fastest = Number.NaN, , median = Number.NaN] = times.toSorted((left, right) => left - right);
    this.figures['incidentRenderFastestMs'] = fastest;
    this.figures['incidentRenderMs'] = median;
    this.#note(
      median < RENDER_MS_MAX,
      `the incident page is drawn ${median.toFixed(0)} ms after its data, median of five`,
    );
    const { labels, overlaps, overflows } = await page.evaluate<Measured>(MEASURE_LABELS);
    this.figures['incidentLabels'] = labels;
    this.#note(labels === COMPONENTS, `its picture has ${labels} labels`);
    this.#note(overlaps === 0, `no two boxes overlap at 1280 × 800: ${overlaps} do`);
    this.#note(overflows === 0, `every label is inside its box: ${overflows} are not`);
    for (const kind of ['md', 'csv', 'svg']) {
      const answer = await page.request.get(`${origin}/console/incident.${kind}?region=${FAILED_REGION}`);
      const text = await answer.text();
      this.#note(answer.ok() && text.includes('service'), `the incident comes as ${kind} (${text.length} characters)`);
    }
    await context.close();
  }

  async #keys(origin: string): Promise<void> {
    const { page, context } = await this.#open(origin, DESK, 'reader');
    await page.goto(`${origin}/console/search`);
    await page.keyboard.type('two Regions');
    await page.keyboard.press('Enter');
    await page.locator('[data-result]').first().waitFor();
    await page.locator('h1').click();
    await page.keyboard.press('j');
    const first = await page.evaluate<string>('document.activeElement.textContent');
    await page.keyboard.press('Enter');
    await page.waitForURL(/document/u);
    this.#note(first.length > 0, `the keyboard alone asks, goes to the first result and opens it: ${first}`);
    await page.goBack();
    await page.keyboard.press('/');
    const focused = await page.evaluate<string>('document.activeElement.id');
    this.#note(focused === 'q', 'a slash goes back to the question');
    await context.close();
  }

  /** A workspace is made, changed and deleted by forms, as a person does. */
  async #aVisitorsChange(origin: string): Promise<void> {
    const { page, context } = await this.#open(origin, DESK, 'operator');
    await page.goto(`${origin}/console/workspaces`);
    await page.fill('#id', 'browser-check');
    await page.fill('#name', 'Made in a <b>browser</b>');
    await page.locator('button', { hasText: 'Make it' }).click();
    await page.locator('[role=status]').waitFor();
    const told = (await page.locator('[role=status]').textContent()) ?? '';
    this.#note(told.includes('Both Regions hold it'), `a workspace is made, and held by both: ${told}`);
    await page.fill('#confirm', 'something else');
    await page.locator('button', { hasText: 'Delete it' }).click();
    this.#note((await this.#text(page)).includes('not confirmed'), 'it is not deleted by who types another id');
    await page.fill('#confirm', 'browser-check');
    await page.locator('button', { hasText: 'Delete it' }).click();
    this.#note((await this.#text(page)).includes('It is deleted'), 'it is deleted by who types its id');
    await context.close();
  }

  async #throughTheRouter(origin: string): Promise<void> {
    const { page, context } = await this.#open(origin, DESK, undefined);
    await page.goto(`${origin}/console/regions`);
    await page.fill('#token', this.#tokenOf('reader'));
    await page.keyboard.press('Enter');
    await page.locator('.badge', { hasText: 'answered this page' }).waitFor();
    const text = await this.#text(page);
    this.#note(text.includes('answered this page'), 'through the router a token opens the same pages');
    await page.locator('button', { hasText: 'Sign out' }).click();
    await page.locator('#token').waitFor();
    await page.goto(`${origin}/console/regions`);
    this.#note((await page.locator('h1').textContent()) === 'Sign in', 'who has signed out is out');
    await context.close();
  }

  async #whileRootsDiffer(origin: string): Promise<void> {
    await this.#world.plantDrift();
    await this.#world.compare(6);
    const { page, context } = await this.#open(origin, DESK, 'operator');
    await this.#everyPage(page, origin, 'roots-differ', ['regions']);
    const text = await this.#text(page);
    this.#note(
      /Comparison\s+drift/u.test(text),
      `the page of the Regions says that they differ: ${/Comparison\s+\S+/u.exec(text)?.[0] ?? text.slice(0, 200)}`,
    );
    await context.close();
  }

  async #duringFailover(origin: string): Promise<void> {
    await this.#world.beginFailover();
    const { page, context } = await this.#open(origin, DESK, 'operator');
    await this.#everyPage(page, origin, 'failover', ['regions', 'incident']);
    await page.goto(`${origin}/console/regions`);
    const banner = (await page.locator('.banner').textContent()) ?? '';
    this.#note(banner.includes('is under way since'), 'the banner says that a failover is under way, and since when');
    await page.goto(`${origin}/console/report?kind=failover&id=${REPORT_ID}`);
    this.#note((await this.#text(page)).includes('passive-first'), 'its report shows the steps that were made');
    await this.#judge(page, 'failover-report');
    await page.goto(`${origin}/console/regions`);
    const badges = await page.locator('dd .badge').allTextContents();
    this.#note(
      badges.every((badge) => badge.includes('passive')),
      `nobody is active for the moment: ${badges.join(', ')}`,
    );
    await context.close();
  }

  async #withoutHomeVectors(origin: string): Promise<void> {
    await this.#world.fault('primary', 's3vectors', 'error-503');
    const { page, context } = await this.#open(origin, DESK, 'reader');
    await this.#everyPage(page, origin, 'vectors-dead', ['search', 'incident']);
    await page.goto(`${origin}${PAGES['search'] ?? ''}`);
    const text = await this.#text(page);
    this.#note(
      /vectors|meanings|words alone/u.test(text),
      `a search without vectors says so in words: ${/[^.]*(?:vectors|meaning)[^.]*\./u.exec(text)?.[0] ?? ''}`,
    );
    await page.goto(`${origin}${INCIDENT}`);
    this.#note((await page.locator('svg.radius .node').count()) === COMPONENTS, 'an incident needs no vectors');
    await context.close();
    await this.#world.mend('primary');
  }

  async #withoutThePeer(origin: string, router: string): Promise<void> {
    await this.#world.killPeer();
    await this.#world.compare(0);
    for (let round = 0; round < 3; round += 1) {
      await this.#world.call('primary', 'repair');
    }
    for (const [look, options] of Object.entries({ light: DESK, phone: LOOKS['phone'] ?? DESK })) {
      const { page, context } = await this.#open(origin, options, 'operator');
      await this.#everyPage(page, origin, `peer-dead-${look}`);
      if (look === 'light') {
        await page.goto(`${origin}/console/regions`);
        const banner = (await page.locator('.banner').textContent()) ?? '';
        const peer = this.#world.regionOf('secondary');
        this.#note(
          banner.includes(`${peer} does not answer`),
          `the banner says in words what is out: ${banner.replaceAll(/\s+/gu, ' ').slice(0, 240)}`,
        );
        this.#note(banner.includes('Since'), 'and since when');
      }
      await context.close();
    }
    const { page, context } = await this.#open(router, DESK, 'reader');
    const answer = await page.goto(`${router}${INCIDENT}`);
    this.#note(answer?.status() === 200, `the router still shows an incident: ${answer?.status() ?? 'nothing'}`);
    await context.close();
  }

  // --- parts ---

  /** What stops one part is told, and stops no other. */
  async #state(name: string, check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.#note(false, `${name}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it stopped'}`);
    }
  }

  async #everyPage(page: Page, origin: string, state: string, only = Object.keys(PAGES)): Promise<void> {
    for (const name of only) {
      const startedMs = performance.now();
      const answer = await page.goto(`${origin}${PAGES[name] ?? ''}`);
      this.figures[`${state}.${name}Ms`] = Math.round(performance.now() - startedMs);
      const status = answer?.status() ?? 0;
      this.#note(status === 200, `${state}: ${name} is shown (${status})`);
      await this.#judge(page, `${state}-${name}`);
    }
  }

  async #judge(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: path.join(this.#options.out, `${name}.png`), fullPage: name.endsWith('regions') });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate<AxeResult>('axe.run()');
    const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const what = bad.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120) ?? ''}`).join('; ');
    this.#note(bad.length === 0, `${name}: axe finds nothing serious ${what}`);
    const isWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth + 1');
    this.#note(!isWide, `${name}: nothing is cut off at its side`);
  }

  #tokenOf(who: 'reader' | 'operator'): string {
    return this.#world.stage.tokens?.[who] ?? '';
  }

  async #open(
    origin: string,
    { colorScheme, viewport }: Look,
    who: 'reader' | 'operator' | undefined,
  ): Promise<{ readonly page: Page; readonly context: BrowserContext }> {
    const context = await this.#browser.newContext({ colorScheme, viewport });
    if (who !== undefined) {
      await context.addCookies([
        {
          name: 'twinmap_token',
          value: this.#tokenOf(who),
          url: `${origin}/console/`,
          httpOnly: true,
          sameSite: 'Strict',
        },
      ]);
    }
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin.replace(/\/$/u, '')) {
        this.#elsewhere.add(request.url());
      }
    });
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/console/assets/')) {
        void response.body().then(
          (body) => this.#assetsBytes.set(pathname, body.length),
          () => undefined,
        );
      }
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.#complaints.add(message.text());
      }
    });
    page.on('pageerror', (error) => this.#complaints.add(error.message));
    return { page, context };
  }

  async #text(page: Page): Promise<string> {
    return page.locator('body').innerText();
  }

  #note(isGood: boolean, what: string): void {
    this.#findings.push({ isGood, what });
    this.#options.say(`${isGood ? 'good  ' : 'FAILED'} ${what}`);
  }
}
