/** What is read, and how it is embedded: sources, the git hosts that may be called, the embedder. */
import { z } from 'zod';

import { type EmbedderSettings, readEmbedder } from './embedder.ts';
import { REDACTION_MODES, type RedactionMode } from '../../functions/domain/corpus.ts';
import type { EndpointSettings } from './endpoints.ts';
import { json, matching } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

export interface GitSource {
  readonly id: string;
  readonly kind: 'git';
  /** What people call it; the id where it is absent. */
  readonly name?: string | undefined;
  readonly url: string;
  readonly branch?: string | undefined;
  /** What is taken out of its texts; absent means credentials. */
  readonly redaction?: RedactionMode | undefined;
}

export interface SourceSettings {
  readonly sources: readonly GitSource[];
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin?: string;
}

export type KnowledgeSettings = SourceSettings & EmbedderSettings;

const GIT_HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/u;
const LOOPBACK_ORIGIN = /^http:\/\/127\.0\.0\.1:\d{1,5}$/u;

const gitSource = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/u, 'not an id of lower-case letters, digits, dots and dashes'),
  kind: z.literal('git', 'only git sources exist so far'),
  name: z.string().min(1).max(200).optional(),
  url: z.string().refine((text) => URL.canParse(text), 'not a URL'),
  branch: z.string().min(1).max(200).optional(),
  redaction: z.enum(REDACTION_MODES).optional(),
});

const gitSources = z
  .array(gitSource)
  .refine((sources) => new Set(sources.map(({ id }) => id)).size === sources.length, 'two sources have the same id');

const gitHostList = z.array(z.string().regex(GIT_HOST, 'not a lower-case host name such as github.com'));

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
      parse: json(gitSources, 'a list of {id, kind, url, name?, branch?, redaction?}'),
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

/** Hosts of services that exist on the internet only; a host of the customer's own may be reached inside. */
const ON_THE_INTERNET =
  /(?:^|\.)(?:github\.com|ghe\.com|gitlab\.com|bitbucket\.org|azure\.com|visualstudio\.com|atlassian\.net|sharepoint\.com|codeberg\.org)$/u;

export const isOnTheInternet = (host: string): boolean => ON_THE_INTERNET.test(host);

/** An isolated network without a proxy reaches no service on the internet: the first cycle would end in a time-out. */
export const refuseUnreachable = (reader: SettingReader, sources: readonly GitSource[]): void => {
  for (const [index, { url }] of sources.entries()) {
    const { hostname } = new URL(url);
    if (isOnTheInternet(hostname)) {
      reader.problem(
        `twinmap:sources[${index}].url`,
        `names ${hostname}, which is on the internet, and this network has no way out`,
        'twinmap:egress proxy',
      );
    }
  }
};
