/** Somebody in a browser: opens pages as a phone or a desk does, judges each one that is shown, and keeps what was found. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

import { FAILED_REGION } from './console-world.ts';

export interface Finding {
  readonly isGood: boolean;
  readonly what: string;
}

export interface CheckOptions {
  readonly out: string;
  readonly say: (line: string) => void;
}

export interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
}

export const DESK: Look = { colorScheme: 'light', viewport: { width: 1280, height: 800 } };
export const LOOKS: Readonly<Record<string, Look>> = {
  light: DESK,
  dark: { ...DESK, colorScheme: 'dark' },
  phone: { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
};

export const INCIDENT = `/console/incident?region=${FAILED_REGION}`;
export const PAGES: Readonly<Record<string, string>> = {
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

const WAIT_MS = 45_000;
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

export class Visitor {
  readonly figures: Record<string, number> = {};
  readonly findings: Finding[] = [];
  readonly elsewhere = new Set<string>();
  readonly complaints = new Set<string>();
  readonly assetsBytes = new Map<string, number>();
  readonly #options: CheckOptions;
  readonly #browser: Browser;

  private constructor(options: CheckOptions, browser: Browser) {
    this.#options = options;
    this.#browser = browser;
  }

  static async arrive(options: CheckOptions): Promise<Visitor> {
    return new Visitor(options, await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS }));
  }

  async leave(): Promise<void> {
    await this.#browser.close();
  }

  /** What stops one part is told, and stops no other. */
  async state(name: string, check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.note(false, `${name}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it stopped'}`);
    }
  }

  async everyPage(
    page: Page,
    origin: string,
    state: string,
    only: readonly string[] = Object.keys(PAGES),
  ): Promise<void> {
    for (const name of only) {
      const startedMs = performance.now();
      const answer = await page.goto(`${origin}${PAGES[name] ?? ''}`);
      this.figures[`${state}.${name}Ms`] = Math.round(performance.now() - startedMs);
      const status = answer?.status() ?? 0;
      this.note(status === 200, `${state}: ${name} is shown (${status})`);
      await this.judge(page, `${state}-${name}`);
    }
  }

  async judge(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: path.join(this.#options.out, `${name}.png`), fullPage: name.endsWith('regions') });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate<AxeResult>('axe.run()');
    const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const what = bad.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120) ?? ''}`).join('; ');
    this.note(bad.length === 0, `${name}: axe finds nothing serious ${what}`);
    const isWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth + 1');
    this.note(!isWide, `${name}: nothing is cut off at its side`);
  }

  async open(
    origin: string,
    { colorScheme, viewport }: Look,
    token: string | undefined,
  ): Promise<{ readonly page: Page; readonly context: BrowserContext }> {
    const context = await this.#browser.newContext({ colorScheme, viewport });
    if (token !== undefined) {
      await context.addCookies([
        {
          name: 'twinmap_token',
          value: token,
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
        this.elsewhere.add(request.url());
      }
    });
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/console/assets/')) {
        void response.body().then(
          (body) => this.assetsBytes.set(pathname, body.length),
          () => undefined,
        );
      }
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.complaints.add(message.text());
      }
    });
    page.on('pageerror', (error) => this.complaints.add(error.message));
    return { page, context };
  }

  async text(page: Page): Promise<string> {
    return page.locator('body').innerText();
  }

  note(isGood: boolean, what: string): void {
    this.findings.push({ isGood, what });
    this.#options.say(`${isGood ? 'good  ' : 'FAILED'} ${what}`);
  }
}
