/** `twinmap ask`: a question to either Region of a running pair, and the passages that answer it. */
import pc from 'picocolors';
import { z } from 'zod';

import { hintFor, isOfIncident } from './ask-hint.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import { readRunningPair, type RunningPair } from './running-pair.ts';
import { chooseToken, TOKEN_VARIABLE } from './token.ts';

const passageSchema = z.object({
  path: z.string(),
  title: z.string(),
  source: z.string(),
  heading: z.string().nullable(),
  startLine: z.number(),
  endLine: z.number(),
  text: z.string(),
  score: z.number(),
  status: z.string().nullish(),
  /** Why it is here; an older Region does not say. */
  lanes: z.record(z.string(), z.number()).optional(),
});

const answerSchema = z.object({
  region: z.string(),
  role: z.string(),
  epoch: z.number().nullish(),
  degraded: z.array(z.string()).optional(),
  passages: z.array(passageSchema),
});

interface Address {
  readonly region: string;
  readonly role: string;
  readonly endpoint: string;
}

type Answer = z.infer<typeof answerSchema>;

type Asked =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'unreachable'; readonly region: Address; readonly why: string }
  /** The question itself is wrong: every Region would say the same. */
  | { readonly kind: 'refused'; readonly why: string };

const TIMEOUT_MS = 10_000;
const HINT_TIMEOUT_MS = 2000;
const SHOWN_LINES_MAX = 6;

interface Question {
  readonly text: string;
  readonly limit: string;
  readonly token: string;
}

const askRegion = async (region: Address, { text, limit, token }: Question): Promise<Asked> => {
  const url = new URL('/v1/search', region.endpoint);
  url.searchParams.set('q', text);
  url.searchParams.set('limit', limit);
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    const parsed = answerSchema.safeParse(body);
    if (response.ok && parsed.success) {
      return { kind: 'answered', answer: parsed.data };
    }
    const detail = z.object({ detail: z.string() }).safeParse(body);
    const unknown = response.ok ? 'its answer is none that this version knows' : `HTTP ${response.status}`;
    const told = detail.success ? detail.data.detail : unknown;
    const why = response.status === 401 ? `the token is not accepted by ${region.region}: ${told}` : told;
    return response.status >= 400 && response.status < 500
      ? { kind: 'refused', why }
      : { kind: 'unreachable', region, why };
  } catch (error) {
    return { kind: 'unreachable', region, why: error instanceof Error ? error.message : 'no answer' };
  }
};

const namesSchema = z.object({ components: z.array(z.string()) });

/** Beside the answer, which stands without it: names that could not be had are no reason to say nothing. */
const hintOf = async (region: Address, { text, token }: Question): Promise<string | undefined> => {
  if (!isOfIncident(text)) {
    return undefined;
  }
  try {
    const response = await fetch(new URL('/v1/graph/names', region.endpoint), {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(HINT_TIMEOUT_MS),
    });
    const names = namesSchema.safeParse(await response.json());
    return hintFor(text, names.success ? names.data : { components: [] });
  } catch {
    return hintFor(text, { components: [] });
  }
};

const LACKS: Readonly<Record<string, string>> = {
  embedding: 'the embedder is away: found by words alone',
  vectors: 'the vector index could not be looked through: found mostly by words',
  lexical: 'some of the word index could not be read: found mostly by meaning',
  words: 'a long question: only the words that tell the most were looked up',
  graph: 'the graph could not be followed: what is around a name may be missing',
  records: 'some records could not be read',
};

const FOUND_BY: Readonly<Record<string, string>> = { lexical: 'words', vectors: 'meaning', graph: 'graph' };

/** `words 1, meaning 3`: at which place each lane had it. */
const reasonOf = (lanes: Readonly<Record<string, number>> | undefined): string =>
  Object.entries(lanes ?? {})
    .map(([lane, place]) => `${FOUND_BY[lane] ?? lane} ${place}`)
    .join(', ');

const show = (answer: Answer, say: (line: string) => void): void => {
  say(pc.dim(`answered by ${answer.region} (${answer.role}), epoch ${answer.epoch ?? 'unknown'}`));
  for (const lack of answer.degraded ?? []) {
    say(pc.yellow(LACKS[lack] ?? lack));
  }
  if (answer.passages.length === 0) {
    say('Nothing that is indexed answers this. What is indexed: GET /v1/sources');
  }
  for (const [at, passage] of answer.passages.entries()) {
    const where = `${passage.path}:${passage.startLine}-${passage.endLine}`;
    say('');
    const status = passage.status === null || passage.status === undefined ? [] : [passage.status];
    const heading = passage.heading === null ? [] : [passage.heading];
    const reason = reasonOf(passage.lanes);
    const about = [passage.source, ...heading, ...status, ...(reason === '' ? [] : [`found by ${reason}`])];
    say(`${pc.bold(`${at + 1}. ${where}`)}  ${pc.dim(about.join(' · '))}`);
    const lines = passage.text.split('\n').filter((line) => line.trim() !== '');
    for (const line of lines.slice(0, SHOWN_LINES_MAX)) {
      say(`   ${line.trimEnd()}`);
    }
    if (lines.length > SHOWN_LINES_MAX) {
      say(pc.dim(`   … ${lines.length - SHOWN_LINES_MAX} more lines`));
    }
  }
};

/** Where to ask, in order. Nobody said which Region: the router first, which knows the one that answers. */
const chooseAddresses = (pair: RunningPair, wanted: string | undefined): readonly Address[] => {
  if (wanted !== undefined) {
    return pair.regions.filter(({ role, region }) => role === wanted || region === wanted);
  }
  const router =
    pair.router === undefined ? [] : [{ region: 'the router', role: 'both Regions', endpoint: pair.router }];
  return [...router, ...pair.regions];
};

const run = async ({ words, options, say, give }: CommandInput): Promise<number> => {
  const dataDirectory = String(options['data'] ?? '.twinmap');
  const pair = await readRunningPair(dataDirectory);
  const wanted = typeof options['region'] === 'string' ? options['region'] : undefined;
  const regions = chooseAddresses(pair, wanted);
  if (regions.length === 0) {
    const known = pair.regions.map(({ role, region }) => `${role} (${region})`).join(', ');
    const error = `There is no Region "${wanted ?? ''}". This pair has: ${known}.`;
    say(error);
    give({ error });
    return EXIT.usage;
  }
  const given = typeof options['token'] === 'string' ? options['token'] : undefined;
  const token = await chooseToken({ given, environment: process.env, dataDirectory });
  const question: Question = { text: words.join(' '), limit: String(options['limit'] ?? '5'), token };
  for (const region of regions) {
    const asked = await askRegion(region, question);
    if (asked.kind === 'answered') {
      const hint = await hintOf(region, question);
      show(asked.answer, say);
      if (hint !== undefined) {
        say('');
        say(`From the map, with proof: ${pc.bold(`twinmap ${hint}`)}`);
      }
      give({ ...asked.answer, ...(hint === undefined ? {} : { next: `twinmap ${hint}` }) });
      return EXIT.done;
    }
    if (asked.kind === 'refused') {
      say(asked.why);
      give({ error: asked.why });
      return EXIT.usage;
    }
    say(`${region.region} (${region.role}) did not answer: ${asked.why}`);
  }
  say('No Region answered. See whether they run: npm start');
  give({ error: 'no Region answered', regions: regions.map(({ region }) => region) });
  return EXIT.unreachable;
};

export const ask: Command = {
  name: 'ask',
  arguments: [{ name: 'question...', help: 'what you want to know, in words or identifiers' }],
  help: 'ask a running pair of Regions a question',
  options: [
    { flags: '--region <name>', help: 'primary, secondary or a Region name; without it the other one is tried too' },
    { flags: '--limit <count>', help: 'how many passages', fallback: '5' },
    { flags: '--token <token>', help: `what to show; without it ${TOKEN_VARIABLE}, or the running pair's own token` },
    { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
  ],
  run,
};
