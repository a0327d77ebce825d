/** Announcements: what is said, how Slack and Teams get it, and that no channel holds up a move or shows its address. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { environmentSecrets } from '../../../functions/connectors/secrets.ts';
import { announceCommand } from '../../../ops/announce.ts';
import { announce, type Channel, type ChannelResult } from '../../../ops/announce/announce.ts';
import { bodyFor, TEAMS_BYTES_MAX } from '../../../ops/announce/bodies.ts';
import { dnsChangeOf, dnsLines, runDnsHook } from '../../../ops/announce/dns.ts';
import { type Announcement, announcementText } from '../../../ops/announce/message.ts';
import { announceSchema, channelsOf, NO_ANNOUNCE } from '../../../ops/announce/settings.ts';
import { UsageError } from '../../../ops/command.ts';

const MOVE: Announcement = {
  move: 'failover',
  to: { region: 'us-west-2', role: 'secondary', endpoint: 'https://twinmap2.example' },
  from: { region: 'us-east-2', role: 'primary', endpoint: 'https://twinmap1.example' },
  isFromReachable: false,
  at: Date.UTC(2026, 9, 20, 7, 31),
  by: 'ada',
  reason: 'DNS in us-east-2',
};

describe('the line', () => {
  it('names the endpoint, the state of the other Region, who, when and why', () => {
    expect(announcementText(MOVE)).toBe(
      'Twinmap failed over to us-west-2 (secondary): use https://twinmap2.example. us-east-2 does not answer. ' +
        'Reason: DNS in us-east-2 (ada, 2026-10-20 07:31 UTC)',
    );
  });

  it('stays one line, whatever somebody typed as the reason', () => {
    const text = announcementText({ ...MOVE, reason: 'first\nsecond\u2028third\u0007', isDrill: true });
    expect(text).not.toMatch(/[\p{Cc}\p{Zl}]/u);
    expect(text).toContain('Reason: first second third (');
    expect(text.startsWith('DRILL, no action needed: ')).toBe(true);
  });
});

describe('bodies', () => {
  it('Slack gets text that can notify nobody by accident', () => {
    expect(JSON.parse(bodyFor('slack', 'a <!channel> & b'))).toStrictEqual({ text: 'a &lt;!channel&gt; &amp; b' });
  });

  it('Teams gets an Adaptive Card 1.4 whose text is shown as it was written, with the address as a link', () => {
    const body = JSON.parse(bodyFor('teams', 'use https://x.example/a_b. *now*')) as {
      attachments: { contentType: string; content: { version: string; body: { text: string }[] } }[];
    };
    const [attachment] = body.attachments;
    expect(attachment?.contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(attachment?.content.version).toBe('1.4');
    expect(attachment?.content.body[0]?.text).toBe(String.raw`use https://x.example/a_b\. \*now\*`);
  });

  it('a line that Teams would refuse is refused here, with what to do', () => {
    expect(() => bodyFor('teams', 'x'.repeat(TEAMS_BYTES_MAX))).toThrow('shorten the reason');
  });
});

describe('sending', () => {
  let server: Server;
  let origin: string;
  let answer: { status: number; location?: string } | 'never';
  let got: { path: string; body: string }[];

  beforeEach(async () => {
    got = [];
    answer = { status: 200 };
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => {
        parts.push(part);
      });
      request.on('end', () => {
        got.push({ path: request.url ?? '', body: Buffer.concat(parts).toString() });
        if (answer !== 'never') {
          const { status, location } = answer;
          response.writeHead(status, location === undefined ? {} : { location }).end('ok');
        }
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const channel = (name: string, kind: Channel['kind'] = 'slack'): Channel => ({ name, kind, url: `env:${name}` });
  const send = async (
    channels: readonly Channel[],
    environment: Record<string, string>,
    timeoutMs = 2000,
  ): Promise<readonly ChannelResult[]> =>
    announce('a line', channels, { secrets: environmentSecrets(environment), timeoutMs });

  it('each channel gets the line, in its own shape', async () => {
    const environment = { SLACK: `${origin}/s/secret-one`, TEAMS: `${origin}/t/secret-two` };
    const results = await send([channel('SLACK'), channel('TEAMS', 'teams')], environment);
    expect(results.map(({ outcome }) => outcome.kind)).toStrictEqual(['sent', 'sent']);
    expect(got.map(({ path: to }) => to).toSorted()).toStrictEqual(['/s/secret-one', '/t/secret-two']);
  });

  it('a channel that never answers ends at its bound, and the other one has been told', async () => {
    answer = 'never';
    const startedMs = performance.now();
    const results = await send([channel('SLACK'), channel('NOWHERE')], { SLACK: `${origin}/s/secret-one` }, 200);
    expect(performance.now() - startedMs).toBeLessThan(1900);
    expect(results.map(({ outcome }) => outcome.kind)).toStrictEqual(['failed', 'failed']);
    expect(JSON.stringify(results)).toContain('no answer within 200 ms');
  });

  it.each([
    ['is gone', { status: 404 }, 'the webhook is gone'],
    ['redirects', { status: 302, location: 'http://127.0.0.1:1/elsewhere' }, 'HTTP 302'],
    ['throttles', { status: 429 }, 'paste the line by hand'],
  ])('a webhook that %s is told without its address', async (_what, status, told) => {
    answer = status;
    const results = await send([channel('SLACK')], { SLACK: `${origin}/s/secret-one` });
    expect(JSON.stringify(results)).toContain(told);
    expect(JSON.stringify(results)).not.toMatch(/secret-one|127\.0\.0\.1/u);
  });

  it.each(['http://chat.example/secret-one', 'secret-one', 'ftp://chat.example/secret-one'])(
    'an address that is not https is refused unseen: %s',
    async (address) => {
      const text = JSON.stringify(await send([channel('SLACK')], { SLACK: address }));
      expect(text).toContain('no https address');
      expect(text).not.toContain('secret-one');
    },
  );

  it('the command prints the line and the DNS change, and sends nothing when it is dry', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-announce-'));
    const file = path.join(directory, 'pair.json');
    const stores = { workspaces: 'w', audit: 'a', graph: 'g', bucket: 'b', index: 'i' };
    const region = (role: string, name: string, endpoint: string): object => ({ role, region: name, stores, endpoint });
    writeFileSync(
      file,
      JSON.stringify({
        regions: [region('primary', 'us-east-2', 'https://127.0.0.1:1'), region('secondary', 'us-west-2', origin)],
        announce: { channels: [{ kind: 'slack', url: 'env:TWINMAP_TEST_SLACK' }], dns: { record: 'map.example.com' } },
      }),
    );
    process.env['TWINMAP_TEST_SLACK'] = `${origin}/s/secret-one`;
    const lines: string[] = [];
    const run = async (options: Record<string, string | boolean>): Promise<number> =>
      announceCommand.run({
        words: [],
        options: { stores: file, to: 'secondary', by: 'ada', ...options },
        say: (line) => {
          lines.push(line);
        },
        give: (value) => {
          lines.push(JSON.stringify(value));
        },
      });
    try {
      expect(await run({ dryRun: true })).toBe(0);
      expect(got).toHaveLength(0);
      expect(await run({})).toBe(0);
      expect(got).toHaveLength(1);
    } finally {
      delete process.env['TWINMAP_TEST_SLACK'];
      rmSync(directory, { recursive: true });
    }
    const text = lines.join('\n');
    expect(text).toContain(`use ${origin}. us-east-2 does not answer.`);
    expect(text).toContain('record  map.example.com  CNAME');
    expect(text).not.toContain('secret-one');
  });
});

describe('channels', () => {
  const settings = announceSchema.parse({
    channels: [{ kind: 'slack', name: 'ops', url: 'secretsmanager:twinmap/slack' }],
  });

  it('an option or a variable stands in for the file', () => {
    expect(channelsOf(settings, {}, {})).toStrictEqual([
      { name: 'ops', kind: 'slack', url: 'secretsmanager:twinmap/slack' },
    ]);
    expect(channelsOf(settings, { slack: 'env:OTHER' }, {})).toMatchObject([{ url: 'env:OTHER' }]);
    expect(channelsOf(NO_ANNOUNCE, {}, { TWINMAP_TEAMS_WEBHOOK: 'https://x' })).toMatchObject([
      { kind: 'teams', url: 'env:TWINMAP_TEAMS_WEBHOOK' },
    ]);
  });

  it('an address in place of a reference is refused, and not repeated', () => {
    const given = { slack: 'https://hooks.example/secret-one' };
    expect(() => channelsOf(NO_ANNOUNCE, given, {})).toThrow(UsageError);
    expect(() => channelsOf(NO_ANNOUNCE, given, {})).not.toThrow('secret-one');
    expect(announceSchema.safeParse({ channels: [{ kind: 'slack', url: 'https://hooks.example/s' }] }).success).toBe(
      false,
    );
  });
});

describe('DNS', () => {
  const ends = {
    record: undefined,
    from: { role: 'primary', endpoint: 'https://twinmap1.example' },
    to: { role: 'secondary', endpoint: 'https://twinmap2.example' },
  } as const;

  it('the change names record, old, new and TTL', () => {
    const settings = announceSchema.parse({
      dns: { record: 'map.example.com', ttlSeconds: 30, secondary: 'lb-2.example' },
    });
    const change = dnsChangeOf(settings, ends);
    expect(change).toMatchObject({ from: 'twinmap1.example', to: 'lb-2.example', ttlSeconds: 30 });
    expect(change === undefined ? '' : dnsLines(change).join('\n')).toContain('TTL     30 s');
    expect(dnsChangeOf(NO_ANNOUNCE, ends)).toBeUndefined();
  });

  it('a hook gets the change as arguments, which no shell reads, and is ended at its bound', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-hook-'));
    const out = path.join(directory, 'out');
    const hook = path.join(directory, 'hook');
    writeFileSync(hook, `#!/bin/sh\nprintf '%s|' "$@" > ${out}\n[ "$5" = 60 ] || sleep 30\n`);
    chmodSync(hook, 0o755);
    const change = { record: '$(touch owned);x', type: 'CNAME', from: 'a', to: 'b', ttlSeconds: 60 };
    const options = { timeoutMs: 3000, environment: { PATH: process.env['PATH'] ?? '' } };
    try {
      expect(await runDnsHook(hook, change, options)).toStrictEqual({ kind: 'done' });
      expect(readFileSync(out, 'utf8')).toBe('$(touch owned);x|CNAME|a|b|60|');
      const late = await runDnsHook(hook, { ...change, ttlSeconds: 1 }, { ...options, timeoutMs: 200 });
      expect(late).toMatchObject({ kind: 'failed', why: 'it did not end within 200 ms' });
      expect(await runDnsHook(path.join(directory, 'none'), change, options)).toMatchObject({ kind: 'failed' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
