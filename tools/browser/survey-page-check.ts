/** What is asked of the page in a browser: each check is one sentence, and says what it saw where it fails. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

import { buildPage } from '../../examples/survey/page/build-page.ts';
import { type ByteRelay, openByteRelay } from '../../scripts/bench/byte-relay.ts';
import { SurveyStage } from '../../scripts/survey/survey-stage.ts';

export interface Finding {
  readonly isGood: boolean;
  readonly what: string;
}

interface CheckOptions {
  readonly rootDirectory: string;
  readonly folder: string;
  readonly out: string;
  readonly dnsPort: number;
}

const CLICK_MS_MAX = 2000;
const RETURN_MS_MAX = 15_000;
/** Nobody votes meanwhile, so the drain of the next minute pays what is owed. */
const EQUAL_MS_MAX = 75_000;
/** Longer than the stand-in's answers may be kept. */
const TTL_MS = 1500;
const TOLD_WAIT_MS = 20_000;
const PHONE = { width: 360, height: 640 };

const CHROMIUM = '/usr/bin/chromium';
const CHROMIUM_ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly impact: string | null; readonly help: string }[];
}

interface Parts {
  readonly stage: SurveyStage;
  readonly relays: readonly ByteRelay[];
  readonly browser: Browser;
  readonly host: Server;
  /** The page from disk and from a static host, with its key. */
  readonly fromDisk: string;
  readonly fromHost: string;
  readonly token: string;
}

const portOf = (url: string): string => new URL(url).port;

export class SurveyCheck {
  readonly figures: Record<string, number> = {};
  readonly #options: CheckOptions;
  readonly #parts: Parts;
  readonly #findings: Finding[] = [];
  readonly #complaints: string[] = [];

  private constructor(options: CheckOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  static async open(options: CheckOptions): Promise<SurveyCheck> {
    const { rootDirectory, folder, dnsPort } = options;
    const stage = await SurveyStage.open({
      rootDirectory,
      dataDirectory: path.join(folder, 'data'),
      peopleDnsPort: dnsPort,
    });
    // Between browser and Region: a load balancer ends connections, and a browser that holds one never asks DNS.
    const relays = await Promise.all(
      stage.regions.map(async ({ endpoint }) => openByteRelay(`http://127.0.0.1:${portOf(endpoint)}`)),
    );
    const regions = stage.regions.map(({ id, endpoint }, at) => ({
      id,
      endpoint: endpoint.replace(/:\d+$/u, `:${portOf(relays[at]?.endpoint ?? '')}`),
    }));
    const choices = ['Soup', 'Salad', 'Pizza'].map((label) => ({ id: label.toLowerCase(), label }));
    const html = await buildPage({ survey: 'browser', question: 'What shall we have for lunch?', choices, regions });
    const file = path.join(folder, 'survey.html');
    writeFileSync(file, html);
    const host = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
    });
    await new Promise<void>((resolve) => {
      host.listen(0, '127.0.0.1', resolve);
    });
    const token = await stage.key('voter');
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
    return new SurveyCheck(options, {
      stage,
      relays,
      browser,
      host,
      fromDisk: `${pathToFileURL(file).href}#key=${token}`,
      fromHost: `http://127.0.0.1:${(host.address() as AddressInfo).port}/#key=${token}`,
      token,
    });
  }

  async everything(): Promise<readonly Finding[]> {
    const [first = '', second = ''] = this.#parts.stage.regions.map(({ id }) => id);
    const page = await this.#openPage(this.#parts.fromDisk);
    await this.#whileWell(page, first);
    await this.#fromStaticHost(first);
    await this.#whileDnsIsDead(page, second);
    await this.#afterwards(page, first);
    await this.#looks();
    await this.#withoutKey();
    this.#note(
      this.#complaints.length === 0,
      `the browser complains of nothing but the dead Region: ${this.#complaints.join(' | ')}`,
    );
    return this.#findings;
  }

  async close(): Promise<void> {
    const { browser, host, relays, stage } = this.#parts;
    await browser.close();
    host.close();
    await Promise.all(relays.map(async (relay) => relay.close()));
    await stage.close();
  }

  async #whileWell(page: Page, first: string): Promise<void> {
    const { told, tookMs } = await this.#press(page, 'Soup');
    this.figures['clickWhileWellMs'] = tookMs;
    this.#note(told.includes(`taken by ${first}.`), `a click is taken by ${first}: ${told}`);
    this.#note(told.includes('Both Regions hold it.'), 'the page says that both Regions hold it');
    await page.keyboard.press('Tab');
    await page.locator('button', { hasText: 'Salad' }).focus();
    await page.keyboard.press('Enter');
    const byKey = await this.#toldAfter(page, 'Salad');
    this.#note(byKey.includes(`Your vote for Salad was taken by ${first}`), `Enter votes as a click does: ${byKey}`);
    await page.locator('button', { hasText: 'Soup' }).dblclick();
    await this.#toldAfter(page, 'Soup');
    await page.reload();
    const pressed = await page.locator('button[aria-pressed="true"]').textContent();
    this.#note(pressed === 'Soup', `after a reload the page knows what was chosen: ${pressed ?? ''}`);
    await this.#press(page, 'Soup');
    this.#note((await this.#votes(0)) === 1, 'five presses, a double click and a reload are one vote');
  }

  async #fromStaticHost(first: string): Promise<void> {
    const page = await this.#openPage(this.#parts.fromHost);
    const { told } = await this.#press(page, 'Salad');
    this.#note(told.includes(`taken by ${first}.`), `a page from a static host votes: ${told}`);
    this.#note((await this.#votes(0)) === 2, 'another browser is another voter');
    await page.context().close();
  }

  async #whileDnsIsDead(page: Page, second: string): Promise<void> {
    const { stage, relays } = this.#parts;
    for (const mode of ['empty', 'silent'] as const) {
      await stage.failDns('primary', mode, { isCold: mode === 'empty' });
      relays[0]?.cut();
      await sleep(TTL_MS);
      const target = mode === 'empty' ? page : await this.#openPage(this.#parts.fromDisk);
      const { told, tookMs } = await this.#press(target, 'Pizza');
      this.figures[`clickWithDns_${mode}Ms`] = tookMs;
      this.#note(told.includes(`taken by ${second}.`), `with DNS ${mode}, the same click goes to ${second}: ${told}`);
      this.#note(tookMs < CLICK_MS_MAX, `with DNS ${mode}, the click took ${tookMs.toFixed(0)} ms`);
      const shown = await this.#freshness(target);
      this.#note(shown.includes(second), `the results say where they are from: ${shown}`);
      await target.screenshot({ path: path.join(this.#options.out, `dns-${mode}.png`) });
    }
  }

  async #afterwards(page: Page, first: string): Promise<void> {
    const { stage } = this.#parts;
    await stage.recoverDns('primary');
    const startedMs = performance.now();
    let told = '';
    while (performance.now() - startedMs < RETURN_MS_MAX && !told.includes(`taken by ${first}.`)) {
      ({ told } = await this.#press(page, 'Salad'));
      await sleep(500);
    }
    this.figures['backAfterMs'] = performance.now() - startedMs;
    this.#note(told.includes(`taken by ${first}.`), `the page goes back to ${first} by itself: ${told}`);
    let both: readonly number[] = [0, 0];
    while (performance.now() - startedMs < EQUAL_MS_MAX && both.some((votes) => votes !== 3)) {
      await sleep(500);
      both = [await this.#votes(0), await this.#votes(1)];
    }
    this.figures['equalAfterMs'] = performance.now() - startedMs;
    this.#note(
      both.every((votes) => votes === 3),
      `three browsers, three votes in each Region: ${both.join(' and ')}`,
    );
  }

  /** Light, dark and on a phone: what axe says, and pictures for whoever wants to see. */
  async #looks(): Promise<void> {
    const looks: readonly (readonly [string, BrowserContextOptions])[] = [
      ['light', { colorScheme: 'light' }],
      ['dark', { colorScheme: 'dark' }],
      ['phone', { colorScheme: 'light', viewport: PHONE }],
    ];
    for (const [name, options] of looks) {
      const page = await this.#openPage(this.#parts.fromDisk, options);
      await this.#press(page, 'Pizza');
      await page.screenshot({ path: path.join(this.#options.out, `${name}.png`) });
      const bad = await this.#axe(page);
      this.#note(bad.length === 0, `axe finds nothing serious (${name}): ${bad.join('; ')}`);
      const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
      this.#note(isWide === false, `nothing is cut off (${name})`);
      await page.context().close();
    }
  }

  async #withoutKey(): Promise<void> {
    const page = await this.#openPage(this.#parts.fromDisk.split('#')[0] ?? '');
    const told = (await page.locator('#told').textContent()) ?? '';
    this.#note(told.includes('This link is incomplete'), `a link without its key says so: ${told}`);
    await page.context().close();
  }

  // --- parts ---

  #note(isGood: boolean, what: string): void {
    this.#findings.push({ isGood, what });
  }

  async #openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#parts.browser.newContext(options);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.#complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.#complaints.push(error.message));
    await page.goto(url);
    return page;
  }

  async #press(page: Page, label: string): Promise<{ readonly told: string; readonly tookMs: number }> {
    const startedMs = performance.now();
    await page.locator('button', { hasText: label }).click();
    const told = await this.#toldAfter(page, label);
    return { told, tookMs: performance.now() - startedMs };
  }

  async #toldAfter(page: Page, label: string): Promise<string> {
    const told = page.locator('#told', {
      hasText: new RegExp(`^(?:Your vote for ${label}|Your vote was not|No Region|The survey)`, 'u'),
    });
    try {
      await told.waitFor({ timeout: TOLD_WAIT_MS });
    } catch {
      return `nothing was told, but: ${(await page.locator('#told').textContent()) ?? ''}`;
    }
    await page.locator('button[aria-disabled="false"]').first().waitFor();
    return (await told.textContent()) ?? '';
  }

  async #freshness(page: Page): Promise<string> {
    await sleep(1000);
    return (await page.locator('#freshness').textContent()) ?? '';
  }

  /** What one Region itself counts, asked past every browser. */
  async #votes(at: number): Promise<number> {
    const { stage, token } = this.#parts;
    const port = portOf(stage.regions[at]?.endpoint ?? '');
    const response = await fetch(`http://127.0.0.1:${port}/v1/surveys/browser/results`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { votes } = (await response.json()) as { readonly votes?: number };
    return votes ?? -1;
  }

  async #axe(page: Page): Promise<readonly string[]> {
    const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await page.evaluate(source);
    const { violations } = await page.evaluate<AxeResult>('axe.run()');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help }) => `${id} (${help})`);
  }
}
