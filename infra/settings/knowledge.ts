/** What is read, and how it is embedded: sources, the git hosts that may be called, the embedder. */
import { z } from 'zod';

import { type ComprehendLanguage, readComprehend } from './comprehend.ts';
import { type EmbedderSettings, readEmbedder } from './embedder.ts';
import { REDACTION_MODES, type RedactionMode } from '../../functions/domain/corpus.ts';
import {
  addressesIn,
  isKindName,
  isSourceId,
  isWorkspaceId,
  SOURCE_ID_RULE,
} from '../../functions/domain/source-definition.ts';
import type { EndpointSettings } from './endpoints.ts';
import { json, matching } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

/** As it stands in the stack file: a connector's configuration, or the short form of one git repository. */
export interface StackSource {
  readonly id: string;
  readonly kind: string;
  /** What people call it; the id where it is absent. */
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly branch?: string | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** What is taken out of its texts; absent means credentials. */
  readonly redaction?: RedactionMode | undefined;
  /** Who may read it; absent means the global workspace. */
  readonly workspace?: string | undefined;
}

export interface SourceSettings {
  readonly sources: readonly StackSource[];
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin?: string;
  /** Absent: the built-in rules alone find personal data. */
  readonly comprehend?: ComprehendLanguage;
}

export type KnowledgeSettings = SourceSettings & EmbedderSettings;

/** `*.` in front: every host below. */
const GIT_HOST = /^(?=.{1,253}$)(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/u;
const LOOPBACK_ORIGIN = /^http:\/\/127\.0\.0\.1:\d{1,5}$/u;

const stackSource = z
  .strictObject({
    id: z.string().refine(isSourceId, `not ${SOURCE_ID_RULE}`),
    kind: z.string().refine(isKindName, 'not the name of a kind'),
    name: z.string().min(1).max(200).optional(),
    url: z
      .string()
      .refine((text) => URL.canParse(text), 'not a URL')
      .optional(),
    branch: z.string().min(1).max(200).optional(),
    config: z.record(z.string(), z.unknown()).optional(),
    redaction: z.enum(REDACTION_MODES).optional(),
    workspace: z.string().refine(isWorkspaceId, 'not the id of a workspace').optional(),
  })
  .refine(
    ({ kind, url, branch, config }) =>
      config === undefined ? kind === 'git' && url !== undefined : url === undefined && branch === undefined,
    'a source has the "config" of its kind, or is of the kind git and has a "url" in its place',
  );

const stackSources = z
  .array(stackSource)
  .refine((sources) => new Set(sources.map(({ id }) => id)).size === sources.length, 'two sources have the same id');

/** With the key that names each, for what a person is told. */
const addressesOf = (source: StackSource): readonly (readonly [string, string])[] =>
  source.config === undefined
    ? [['url', source.url ?? '']]
    : addressesIn({ config: source.config }).map((address) => ['config', address]);

const gitHostList = z.array(
  z.string().regex(GIT_HOST, 'not a lower-case host name such as github.com or *.sharepoint.com'),
);

const isHostOf = (entry: string, host: string): boolean =>
  entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry;

const checkAddress = (
  reader: SettingReader,
  key: string,
  address: string,
  gitHosts: readonly string[],
  origin?: string,
): void => {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (origin !== undefined && url.origin === origin)) {
    // What is no address is the connector's to refuse.
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
  } else if (!gitHosts.some((host) => isHostOf(host, url.hostname))) {
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
  const comprehend = readComprehend(reader);
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
      parse: json(stackSources, 'a list of {id, kind, config, name?, redaction?, workspace?}'),
    },
    [],
  );
  const gitLoopbackOrigin = readLoopbackOrigin(reader, endpoints);
  if (gitHosts !== undefined) {
    for (const [index, source] of (sources ?? []).entries()) {
      for (const [name, address] of addressesOf(source)) {
        checkAddress(reader, `twinmap:sources[${index}].${name}`, address, gitHosts, gitLoopbackOrigin);
      }
    }
  }
  return model === undefined || gitHosts === undefined || sources === undefined
    ? undefined
    : {
        ...model,
        gitHosts,
        sources,
        ...(gitLoopbackOrigin === undefined ? {} : { gitLoopbackOrigin }),
        ...(comprehend === undefined ? {} : { comprehend }),
      };
};

/** Hosts of services that exist on the internet only; a host of the customer's own may be reached inside. */
const ON_THE_INTERNET =
  /(?:^|\.)(?:github\.com|ghe\.com|gitlab\.com|bitbucket\.org|azure\.com|visualstudio\.com|atlassian\.net|sharepoint\.com|microsoft\.com|microsoftonline\.com|pagerduty\.com|codeberg\.org)$/u;

export const isOnTheInternet = (host: string): boolean => ON_THE_INTERNET.test(host);

/** An isolated network without a proxy reaches no service on the internet: the first cycle would end in a time-out. */
export const refuseUnreachable = (reader: SettingReader, sources: readonly StackSource[]): void => {
  for (const [index, source] of sources.entries()) {
    for (const [name, address] of addressesOf(source)) {
      const hostname = URL.canParse(address) ? new URL(address).hostname : '';
      if (isOnTheInternet(hostname)) {
        reader.problem(
          `twinmap:sources[${index}].${name}`,
          `names ${hostname}, which is on the internet, and this network has no way out`,
          'twinmap:egress proxy',
        );
      }
    }
  }
};
