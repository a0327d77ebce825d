/**
 * Reads a config and tells every error at once, each with its path: nobody starts a router five times to find five mistakes.
 * Relations between fields are checked on what was written, whether or not the rest of it is valid.
 */
import type { Mode } from '../policy/mode.ts';
import type { PolicySettings } from '../policy/settings.ts';
import { type RouterConfig, routerConfigSchema } from './schema.ts';

export interface ConfigProblem {
  /** For instance `regions.1.endpoint`. */
  readonly path: string;
  readonly message: string;
}

export type ValidatedConfig =
  | { readonly kind: 'valid'; readonly config: RouterConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/u;

const endpointProblem = (endpoint: unknown): string | undefined => {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) {
    return undefined; // The schema has said it.
  }
  const url = new URL(endpoint);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return 'must be an origin only: scheme, host and port';
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not carry credentials';
  }
  return url.protocol === 'http:' && !LOOPBACK.test(url.hostname) ? 'must be https, unless it is loopback' : undefined;
};

const pairProblem = (path: string, fields: Fields): readonly ConfigProblem[] =>
  (fields['certFile'] === undefined) === (fields['keyFile'] === undefined)
    ? []
    : [{ path, message: 'certFile and keyFile come together' }];

const duplicates = (values: readonly unknown[]): readonly number[] =>
  values.flatMap((value, at) => (value !== undefined && values.indexOf(value) < at ? [at] : []));

const regionProblems = (regions: readonly Fields[]): readonly ConfigProblem[] => [
  ...regions.flatMap((region, at) => {
    const message = endpointProblem(region['endpoint']);
    return [
      ...(message === undefined ? [] : [{ path: `regions.${at}.endpoint`, message }]),
      ...pairProblem(`regions.${at}`, region),
    ];
  }),
  ...['id', 'endpoint'].flatMap((name) =>
    duplicates(regions.map((region) => region[name])).map((at) => ({
      path: `regions.${at}.${name}`,
      message: 'is the same as that of another Region',
    })),
  ),
];

const relationProblems = (raw: Fields): readonly ConfigProblem[] => {
  const regions = listOf(raw['regions']).map((region) => fieldsOf(region));
  const ids = regions.map((region) => region['id']);
  const { mode } = raw;
  const named = typeof mode === 'string' ? /^(?:prefer|pin):(?<region>.+)$/u.exec(mode)?.groups?.['region'] : undefined;
  const kids = listOf(fieldsOf(raw['override'])['keys']).map((key) => fieldsOf(key)['kid']);
  const { attemptTimeoutMs, deadlineMs } = fieldsOf(raw['policy']);
  const isLate =
    typeof attemptTimeoutMs === 'number' && typeof deadlineMs === 'number' && attemptTimeoutMs > deadlineMs;
  return [
    ...regionProblems(regions),
    ...pairProblem('listen', fieldsOf(raw['listen'])),
    ...(named === undefined || ids.includes(named)
      ? []
      : [
          {
            path: 'mode',
            message: `names the Region "${named}", which is not among ${ids.join(', ')}`,
          },
        ]),
    ...duplicates(kids).map((at) => ({
      path: `override.keys.${at}.kid`,
      message: 'is used twice',
    })),
    ...(isLate ? [{ path: 'policy.attemptTimeoutMs', message: 'must not be over deadlineMs' }] : []),
  ];
};

export const validateConfig = (raw: unknown): ValidatedConfig => {
  const parsed = routerConfigSchema.safeParse(raw);
  const problems: ConfigProblem[] = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({
              path: [...issue.path, key].join('.'),
              message: 'is not a setting of the router',
            }))
          : [{ path: issue.path.join('.'), message: issue.message }],
      );
  problems.push(...relationProblems(fieldsOf(raw)));
  return parsed.success && problems.length === 0
    ? { kind: 'valid', config: parsed.data }
    : { kind: 'invalid', problems };
};

export const parseConfigText = (text: string): ValidatedConfig => {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    const message = `the file is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`;
    return { kind: 'invalid', problems: [{ path: '', message }] };
  }
  return validateConfig(raw);
};

/** `prefer:us-east-2` as the policy takes it. */
export const parseMode = (text: string): Mode | undefined => {
  if (text === 'auto' || text === 'maintenance') {
    return { kind: text };
  }
  const { kind, region } = /^(?<kind>prefer|pin):(?<region>.+)$/u.exec(text)?.groups ?? {};
  return (kind === 'prefer' || kind === 'pin') && region !== undefined ? { kind, region } : undefined;
};

export const showMode = (mode: Mode): string => ('region' in mode ? `${mode.kind}:${mode.region}` : mode.kind);

/** Only what the file sets; the rest is the policy's own default. */
export const policyOf = ({ policy }: RouterConfig): Partial<PolicySettings> =>
  Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
