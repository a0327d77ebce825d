/** What is read, and how it is embedded: sources, the git hosts that may be called, the embedder. */
import { z } from 'zod';

import type { EndpointSettings } from './endpoints.ts';
import { json, matching, oneOf } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

export interface GitSource {
  readonly id: string;
  readonly kind: 'git';
  /** What people call it; the id where it is absent. */
  readonly name?: string | undefined;
  readonly url: string;
  readonly branch?: string | undefined;
}

export interface KnowledgeSettings {
  readonly embedder: 'static';
  readonly embeddingDimensions: number;
  readonly sources: readonly GitSource[];
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin?: string;
}

/** The shipped table has this many; an index can never change its dimension, so a mistake here is a lost index. */
const STATIC_DIMENSIONS = 256;

const GIT_HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/u;
const LOOPBACK_ORIGIN = /^http:\/\/127\.0\.0\.1:\d{1,5}$/u;

const gitSource = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/u, 'not an id of lower-case letters, digits, dots and dashes'),
  kind: z.literal('git', 'only git sources exist so far'),
  name: z.string().min(1).max(200).optional(),
  url: z.string().refine((text) => URL.canParse(text), 'not a URL'),
  branch: z.string().min(1).max(200).optional(),
});

const gitSources = z
  .array(gitSource)
  .refine((sources) => new Set(sources.map(({ id }) => id)).size === sources.length, 'two sources have the same id');

const gitHostList = z.array(z.string().regex(GIT_HOST, 'not a lower-case host name such as github.com'));

const staticDimensions = (text: string): Parsed<number> =>
  text === String(STATIC_DIMENSIONS)
    ? value(STATIC_DIMENSIONS)
    : wrong(`is ${JSON.stringify(text)}, but the static embedder makes vectors of ${STATIC_DIMENSIONS} numbers`);

const checkSource = (
  reader: SettingReader,
  source: GitSource,
  index: number,
  gitHosts: readonly string[],
  origin?: string,
): void => {
  const key = `twinmap:sources[${index}].url`;
  const url = new URL(source.url);
  if (origin !== undefined && url.origin === origin) {
    return;
  }
  if (url.username !== '' || url.password !== '') {
    reader.problem(
      key,
      'holds a user or password, which every reader of the stack file sees',
      `--path '${key}' https://${url.host}${url.pathname}`,
    );
  } else if (url.protocol !== 'https:') {
    reader.problem(
      key,
      `uses ${url.protocol} where only https is read`,
      `--path '${key}' https://github.com/<owner>/<name>`,
    );
  } else if (!gitHosts.includes(url.hostname)) {
    const next = gitHosts.length;
    reader.problem(
      key,
      `names ${url.hostname}, which is not in twinmap:gitHosts`,
      `--path 'twinmap:gitHosts[${next}]' ${url.hostname}`,
    );
  }
};

const readLoopbackOrigin = (reader: SettingReader, endpoints: EndpointSettings | undefined): string | undefined => {
  const origin = reader.optional({
    key: 'twinmap:gitLoopbackOrigin',
    meaning: 'where this machine serves local repositories',
    mend: 'twinmap:gitLoopbackOrigin http://127.0.0.1:<port>',
    parse: matching(LOOPBACK_ORIGIN, 'an origin of this machine such as http://127.0.0.1:4300'),
  });
  if (origin !== undefined && endpoints !== undefined && !endpoints.loopback) {
    const why =
      'is set, but the endpoints are not on this machine: a deployed function must never call its own loopback';
    reader.problem('twinmap:gitLoopbackOrigin', why, '--path twinmap:homeEndpoints.dynamodb http://127.0.0.1:<port>');
  }
  return origin;
};

const readEmbedder = (
  reader: SettingReader,
): Pick<KnowledgeSettings, 'embedder' | 'embeddingDimensions'> | undefined => {
  const embedder = reader.withDefault(
    {
      key: 'twinmap:embedder',
      meaning: 'what turns text into vectors',
      mend: 'twinmap:embedder static',
      parse: oneOf(['static']),
    },
    'static',
  );
  const embeddingDimensions = reader.withDefault(
    {
      key: 'twinmap:embeddingDimensions',
      meaning: 'how long a vector is',
      mend: `twinmap:embeddingDimensions ${STATIC_DIMENSIONS}`,
      parse: staticDimensions,
    },
    STATIC_DIMENSIONS,
  );
  return embedder === undefined || embeddingDimensions === undefined ? undefined : { embedder, embeddingDimensions };
};

export const readKnowledge = (
  reader: SettingReader,
  endpoints: EndpointSettings | undefined,
): KnowledgeSettings | undefined => {
  const model = readEmbedder(reader);
  const gitHosts = reader.withDefault(
    {
      key: 'twinmap:gitHosts',
      meaning: 'which git hosts may be called',
      mend: "--path 'twinmap:gitHosts[0]' github.com",
      parse: json(gitHostList, 'a list of host names'),
    },
    ['github.com', 'gitlab.com'],
  );
  const sources = reader.withDefault(
    {
      key: 'twinmap:sources',
      meaning: 'what is read',
      mend: "--path 'twinmap:sources[0].url' https://github.com/<owner>/<name>",
      parse: json(gitSources, 'a list of {id, kind, url, name?, branch?}'),
    },
    [],
  );
  const gitLoopbackOrigin = readLoopbackOrigin(reader, endpoints);
  if (gitHosts !== undefined) {
    for (const [index, source] of (sources ?? []).entries()) {
      checkSource(reader, source, index, gitHosts, gitLoopbackOrigin);
    }
  }
  return model === undefined || gitHosts === undefined || sources === undefined
    ? undefined
    : { ...model, gitHosts, sources, ...(gitLoopbackOrigin === undefined ? {} : { gitLoopbackOrigin }) };
};
