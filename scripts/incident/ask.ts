/** The same question at three doors: REST, MCP by its official client, and the command in a process of its own. */
import { execFile } from 'node:child_process';
import path from 'node:path';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { z } from 'zod';

import type { LoneRegion } from './stage.ts';

export interface Question {
  /** Of the command, and what follows it. */
  readonly command: readonly [name: string, subject: string];
  readonly path: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, string>>;
}

export const aboutRegion = (region: string): readonly Question[] => [
  {
    command: ['incident', region],
    path: `/v1/incidents/region/${encodeURIComponent(region)}`,
    tool: 'incident',
    input: { region },
  },
  {
    command: ['dependents', region],
    path: `/v1/regions/${encodeURIComponent(region)}/dependents`,
    tool: 'region_dependents',
    input: { region },
  },
];

export const aboutComponent = (component: string): readonly Question[] => {
  const base = `/v1/components/${encodeURIComponent(component)}`;
  const input = { component };
  return [
    { command: ['blast-radius', component], path: `${base}/blast-radius`, tool: 'blast_radius', input },
    { command: ['oncall', component], path: `${base}/on-call`, tool: 'who_is_on_call', input },
    { command: ['workaround', component], path: `${base}/workarounds`, tool: 'find_workaround', input },
  ];
};

export type Fields = Readonly<Record<string, unknown>>;

const fieldsSchema = z.record(z.string(), z.unknown());

const envelopeSchema = z.object({ schema: z.literal('twinmap/1'), data: fieldsSchema });

const ASK_MS_MAX = 30_000;

export const askRest = async (
  { endpoint, token }: LoneRegion,
  { path: where }: Pick<Question, 'path'>,
): Promise<Fields> => {
  const response = await fetch(`${endpoint}${where}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ASK_MS_MAX),
  });
  return fieldsSchema.parse(await response.json());
};

/** `auto` speaks the protocol of 2026, `legacy` that of before: agents of both kinds are about. */
export type McpMode = 'auto' | 'legacy';

export const askMcp = async (
  { endpoint, token }: LoneRegion,
  { tool, input }: Question,
  mode: McpMode,
): Promise<Fields> => {
  const transport = new StreamableHTTPClientTransport(new URL(`${endpoint}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: 'incident-bars', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(transport);
  try {
    const { structuredContent } = await client.callTool({ name: tool, arguments: input });
    return fieldsSchema.parse(structuredContent);
  } finally {
    await client.close();
  }
};

const runNode = async (words: readonly string[]): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(process.execPath, words, { timeout: ASK_MS_MAX }, (error, stdout, stderr) => {
    if (error === null) {
      resolve(stdout);
    } else {
      reject(new Error(`the command ended with ${String(error.code)}: ${stderr.trim()}`, { cause: error }));
    }
  });
  return promise;
};

export interface Told {
  readonly fields: Fields;
  /** As a person reads it. */
  readonly text: string;
}

export const askCommand = async (
  rootDirectory: string,
  { dataDirectory }: LoneRegion,
  { command }: Question,
): Promise<Told> => {
  const twinmap = async (...more: readonly string[]): Promise<string> => {
    const program = path.join(rootDirectory, 'bin', 'twinmap.mjs');
    return runNode([program, ...command, '--data', dataDirectory, ...more]);
  };
  const json = await twinmap('--json');
  const { data } = envelopeSchema.parse(JSON.parse(json.trimEnd().split('\n').at(-1) ?? ''));
  return { fields: data, text: await twinmap() };
};
