/** What is asked of the console in a browser: each check is one sentence, and says what it saw where it fails. */
import type { Page } from 'playwright-core';

import { type CheckOptions, DESK, type Finding, INCIDENT, LOOKS, PAGES, Visitor } from './console-visitor.ts';
import { MEASURE_LABELS, MEASURE_RENDER, type Measured } from './console-measures.ts';
import { COMPONENTS, ConsoleWorld, FAILED_REGION, REPORT_ID } from './console-world.ts';

const RENDER_MS_MAX = 500;
const ASSETS_BYTES_MAX = 150_000;

export class ConsoleCheck {
  readonly #world: ConsoleWorld;
  readonly #visitor: Visitor;

  private constructor(world: ConsoleWorld, visitor: Visitor) {
    this.#world = world;
    this.#visitor = visitor;
  }

  static async open(options: CheckOptions): Promise<ConsoleCheck> {
    const world = new ConsoleWorld();
    options.say('Two Regions are brought up, and read an organisation of two hundred components …');
    await world.open();
    await world.compare();
    return new ConsoleCheck(world, await Visitor.arrive(options));
  }

  get figures(): Readonly<Record<string, number>> {
    return this.#visitor.figures;
  }

  async everything(): Promise<readonly Finding[]> {
    const { primary, router } = {
      primary: this.#world.endpoint('primary'),
      router: this.#world.router?.url ?? '',
    };
    await this.#visitor.state('withoutToken', async () => this.#withoutToken(primary));
    await this.#visitor.state('whileWell', async () => this.#whileWell(primary));
    await this.#visitor.state('throughTheRouter', async () => this.#throughTheRouter(router));
    await this.#visitor.state('whileRootsDiffer', async () => this.#whileRootsDiffer(primary));
    await this.#visitor.state('duringFailover', async () => this.#duringFailover(primary));
    await this.#visitor.state('withoutHomeVectors', async () => this.#withoutHomeVectors(primary));
    await this.#visitor.state('withoutThePeer', async () => this.#withoutThePeer(primary, router));
    const assets = [...this.#visitor.assetsBytes.values()].reduce((total, bytes) => total + bytes, 0);
    this.#visitor.figures['assetsBytes'] = assets;
    this.#visitor.note(assets > 0 && assets < ASSETS_BYTES_MAX, `script, style and icon have ${assets} bytes in all`);
    this.#visitor.note(
      this.#visitor.elsewhere.size === 0,
      `no request leaves the origin: ${[...this.#visitor.elsewhere].join(', ')}`,
    );
    this.#visitor.note(
      this.#visitor.complaints.size === 0,
      `the browser complains of nothing: ${[...this.#visitor.complaints].join(' | ')}`,
    );
    return this.#visitor.findings;
  }

  async close(): Promise<void> {
    await this.#visitor.leave();
    await this.#world.close();
  }

  // --- states ---

  async #withoutToken(origin: string): Promise<void> {
    const { page, context } = await this.#visitor.open(origin, DESK, undefined);
    await page.goto(`${origin}${INCIDENT}`);
    this.#visitor.note(
      (await page.locator('h1').textContent()) === 'Sign in',
      'without a token there is the page to sign in',
    );
    this.#visitor.note(
      (await this.#visitor.text(page)).includes('Scheduled work here'),
      'and the open state of the Region',
    );
    await this.#visitor.judge(page, 'sign-in-light');
    await page.fill('#token', 'twm_0000000000000000_0000000000000000000000000000000000000000000');
    await page.keyboard.press('Enter');
    await page.locator('[role=alert]').waitFor();
    this.#visitor.note(
      (await this.#visitor.text(page)).includes('not accepted'),
      'a token that is not known is refused in words',
    );
    await context.close();
  }

  async #whileWell(origin: string): Promise<void> {
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page, context } = await this.#visitor.open(origin, options, this.#tokenOf('operator'));
      await this.#visitor.everyPage(page, origin, `well-${look}`);
      await this.#visitor.state(`source-${look}`, async () => this.#aSource(page, origin, `well-${look}`));
      await context.close();
    }
    await this.#visitor.state('incident', async () => this.#incident(origin));
    await this.#visitor.state('keys', async () => this.#keys(origin));
    await this.#visitor.state('change', async () => this.#aVisitorsChange(origin));
  }

  /** By its links, as a person comes to it: its id is of this run. */
  async #aSource(page: Page, origin: string, state: string): Promise<void> {
    await page.goto(`${origin}/console/sources`);
    await page.locator('th a').first().click();
    await page.locator('h2', { hasText: 'What you can do' }).waitFor();
    await this.#visitor.judge(page, `${state}-source`);
    await page.locator('a', { hasText: 'Change it' }).click();
    await page.locator('textarea').waitFor();
    const written = await page.locator('textarea').inputValue();
    this.#visitor.note(written.includes('repositories'), `${state}: the form has the configuration of its source`);
    await this.#visitor.judge(page, `${state}-source-change`);
  }

  async #incident(origin: string): Promise<void> {
    const { page, context } = await this.#visitor.open(origin, DESK, this.#tokenOf('reader'));
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await page.goto(`${origin}${INCIDENT}`);
      times.push(await page.evaluate<number>(MEASURE_RENDER));
    }
    const [fastest = Number.NaN, , median = Number.NaN] = times.toSorted((left, right) => left - right);
    this.#visitor.figures['incidentRenderFastestMs'] = fastest;
    this.#visitor.figures['incidentRenderMs'] = median;
    this.#visitor.note(
      median < RENDER_MS_MAX,
      `the incident page is drawn ${median.toFixed(0)} ms after its data, median of five`,
    );
    const { labels, overlaps, overflows } = await page.evaluate<Measured>(MEASURE_LABELS);
    this.#visitor.figures['incidentLabels'] = labels;
    this.#visitor.note(labels === COMPONENTS, `its picture has ${labels} labels`);
    this.#visitor.note(overlaps === 0, `no two boxes overlap at 1280 × 800: ${overlaps} do`);
    this.#visitor.note(overflows === 0, `every label is inside its box: ${overflows} are not`);
    for (const kind of ['md', 'csv', 'svg']) {
      const answer = await page.request.get(`${origin}/console/incident.${kind}?region=${FAILED_REGION}`);
      const text = await answer.text();
      this.#visitor.note(
        answer.ok() && text.includes('service'),
        `the incident comes as ${kind} (${text.length} characters)`,
      );
    }
    await context.close();
  }

  async #keys(origin: string): Promise<void> {
    const { page, context } = await this.#visitor.open(origin, DESK, this.#tokenOf('reader'));
    await page.goto(`${origin}/console/search`);
    await page.keyboard.type('two Regions');
    await page.keyboard.press('Enter');
    await page.locator('[data-result]').first().waitFor();
    await page.locator('h1').click();
    await page.keyboard.press('j');
    const first = await page.evaluate<string>('document.activeElement.textContent');
    await page.keyboard.press('Enter');
    await page.waitForURL(/document/u);
    await this.#visitor.judge(page, 'document');
    this.#visitor.note(first.length > 0, `the keyboard alone asks, goes to the first result and opens it: ${first}`);
    await page.goBack();
    await page.keyboard.press('/');
    const focused = await page.evaluate<string>('document.activeElement.id');
    this.#visitor.note(focused === 'q', 'a slash goes back to the question');
    await context.close();
  }

  /** A workspace is made, changed and deleted by forms, as a person does. */
  async #aVisitorsChange(origin: string): Promise<void> {
    const { page, context } = await this.#visitor.open(origin, DESK, this.#tokenOf('operator'));
    await page.goto(`${origin}/console/workspaces`);
    await page.fill('#id', 'browser-check');
    await page.fill('#name', 'Made in a <b>browser</b>');
    await page.locator('button', { hasText: 'Make it' }).click();
    await page.locator('[role=status]').waitFor();
    const told = (await page.locator('[role=status]').textContent()) ?? '';
    this.#visitor.note(told.includes('Both Regions hold it'), `a workspace is made, and held by both: ${told}`);
    await page.fill('#confirm', 'something else');
    await page.locator('button', { hasText: 'Delete it' }).click();
    this.#visitor.note(
      (await this.#visitor.text(page)).includes('not confirmed'),
      'it is not deleted by who types another id',
    );
    await page.fill('#confirm', 'browser-check');
    await page.locator('button', { hasText: 'Delete it' }).click();
    this.#visitor.note((await this.#visitor.text(page)).includes('It is deleted'), 'it is deleted by who types its id');
    await context.close();
  }

  async #throughTheRouter(origin: string): Promise<void> {
    const { page, context } = await this.#visitor.open(origin, DESK, undefined);
    await page.goto(`${origin}/console/regions`);
    await page.fill('#token', this.#tokenOf('reader'));
    await page.keyboard.press('Enter');
    await page.locator('.badge', { hasText: 'answered this page' }).waitFor();
    const text = await this.#visitor.text(page);
    this.#visitor.note(text.includes('answered this page'), 'through the router a token opens the same pages');
    await page.locator('button', { hasText: 'Sign out' }).click();
    await page.locator('#token').waitFor();
    await page.goto(`${origin}/console/regions`);
    this.#visitor.note((await page.locator('h1').textContent()) === 'Sign in', 'who has signed out is out');
    await context.close();
  }

  async #whileRootsDiffer(origin: string): Promise<void> {
    await this.#world.plantDrift();
    await this.#world.compareAnew('drift');
    const { page, context } = await this.#visitor.open(origin, DESK, this.#tokenOf('operator'));
    await this.#visitor.everyPage(page, origin, 'roots-differ', ['regions']);
    const text = await this.#visitor.text(page);
    this.#visitor.note(
      /Comparison\s+drift/u.test(text),
      `the page of the Regions says that they differ: ${/Comparison\s+\S+/u.exec(text)?.[0] ?? text.slice(0, 200)}`,
    );
    await context.close();
  }

  async #duringFailover(origin: string): Promise<void> {
    await this.#world.beginFailover();
    const { page, context } = await this.#visitor.open(origin, DESK, this.#tokenOf('operator'));
    await this.#visitor.everyPage(page, origin, 'failover', ['regions', 'incident']);
    await page.goto(`${origin}/console/regions`);
    const banner = (await page.locator('.banner').textContent()) ?? '';
    this.#visitor.note(
      banner.includes('is under way since'),
      'the banner says that a failover is under way, and since when',
    );
    await page.goto(`${origin}/console/report?kind=failover&id=${REPORT_ID}`);
    this.#visitor.note(
      (await this.#visitor.text(page)).includes('passive-first'),
      'its report shows the steps that were made',
    );
    await this.#visitor.judge(page, 'failover-report');
    await page.goto(`${origin}/console/regions`);
    const badges = await page.locator('dd .badge').allTextContents();
    this.#visitor.note(
      badges.length > 0 && badges.every((badge) => badge.includes('passive')),
      `nobody is active for the moment: ${badges.join(', ')}`,
    );
    await context.close();
  }

  async #withoutHomeVectors(origin: string): Promise<void> {
    await this.#world.fault('primary', 's3vectors', 'error-503');
    const { page, context } = await this.#visitor.open(origin, DESK, this.#tokenOf('reader'));
    await this.#visitor.everyPage(page, origin, 'vectors-dead', ['search', 'incident']);
    await page.goto(`${origin}${PAGES['search'] ?? ''}`);
    const text = await this.#visitor.text(page);
    this.#visitor.note(
      /vectors|meanings|words alone/u.test(text),
      `a search without vectors says so in words: ${/[^.]*(?:vectors|meaning)[^.]*\./u.exec(text)?.[0] ?? ''}`,
    );
    await page.goto(`${origin}${INCIDENT}`);
    this.#visitor.note((await page.locator('svg.radius .node').count()) === COMPONENTS, 'an incident needs no vectors');
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
      const { page, context } = await this.#visitor.open(origin, options, this.#tokenOf('operator'));
      await this.#visitor.everyPage(page, origin, `peer-dead-${look}`);
      if (look === 'light') {
        await page.goto(`${origin}/console/regions`);
        const banner = (await page.locator('.banner').textContent()) ?? '';
        const peer = this.#world.regionOf('secondary');
        this.#visitor.note(
          banner.includes(`${peer} does not answer`),
          `the banner says in words what is out: ${banner.replaceAll(/\s+/gu, ' ').slice(0, 240)}`,
        );
        this.#visitor.note(banner.includes('Since'), 'and since when');
      }
      await context.close();
    }
    const { page, context } = await this.#visitor.open(router, DESK, this.#tokenOf('reader'));
    const answer = await page.goto(`${router}${INCIDENT}`);
    this.#visitor.note(
      answer?.status() === 200,
      `the router still shows an incident: ${answer?.status() ?? 'nothing'}`,
    );
    await context.close();
  }

  #tokenOf(who: 'reader' | 'operator'): string {
    return this.#world.stage.tokens?.[who] ?? '';
  }
}
