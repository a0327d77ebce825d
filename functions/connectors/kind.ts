/**
 * What a kind of source is: a name, the schema of its configuration, and how it is opened. Everything a connector may use of the
 * outside is in the setting, so that no connector reads a clock, an environment or a file on its own.
 */
import type { z } from 'zod';

import { ConfigError } from '../domain/errors.ts';
import type { Connector } from './connector.ts';
import type { GitHostRules } from './git/host-guard.ts';
import type { HttpSetting } from './http/http-client.ts';
import type { SecretSource } from './secrets.ts';
import type { TextExtractor } from './text/extractor.ts';

export interface ConnectorSetting {
  /** What the source is called in this install. */
  readonly sourceId: string;
  /** Which hosts sources may be read from. */
  readonly rules: GitHostRules;
  readonly secrets: SecretSource;
  readonly now: () => number;
  readonly random: () => number;
  /** Left in this invocation. */
  readonly remainingMs: () => number;
  /** Scratch space of this invocation. */
  readonly directory: string;
  readonly extractor: TextExtractor;
  readonly onProgress?: (progress: {
    readonly phase: 'listing' | 'documents';
    readonly done: number;
    readonly total: number;
  }) => void;
  /** Proxy, certificate authority and narrower bounds of HTTP calls. */
  readonly http?: Partial<Pick<HttpSetting, 'bounds' | 'network' | 'resolve' | 'sleep'>>;
  /** Documents that are in memory at once; tests narrow it. */
  readonly fetchDocumentsMax?: number;
  /** Only a local run reads folders of its own machine. */
  readonly localFiles?: boolean;
}

export interface ConnectorKind {
  readonly kind: string;
  readonly schema: z.ZodType;
  /** Throws `ConfigError` for a configuration that the schema refuses; opens no connection. */
  open(config: unknown, setting: ConnectorSetting): Connector;
}

const complaint = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0 ? message : `"${path.map(String).join('.')}": ${message}`;

const ISSUES_MAX = 5;

/** What a configuration gets wrong, by field and without its values; undefined where it is one of this kind. */
export const configProblem = ({ schema }: Pick<ConnectorKind, 'schema'>, config: unknown): string | undefined => {
  const parsed = schema.safeParse(config);
  return parsed.success
    ? undefined
    : `${parsed.error.issues
        .slice(0, ISSUES_MAX)
        .map((issue) => complaint(issue))
        .join('; ')}.`;
};

export const defineKind = <Config>(definition: {
  readonly kind: string;
  readonly schema: z.ZodType<Config>;
  readonly open: (config: Config, setting: ConnectorSetting) => Connector;
}): ConnectorKind => ({
  kind: definition.kind,
  schema: definition.schema,
  open: (config, setting) => {
    const parsed = definition.schema.safeParse(config);
    if (!parsed.success) {
      const what = parsed.error.issues.slice(0, ISSUES_MAX).map((issue) => complaint(issue));
      throw new ConfigError(
        `The configuration of the ${definition.kind} source "${setting.sourceId}" is not valid: ${what.join('; ')}.`,
      );
    }
    return definition.open(parsed.data, setting);
  },
});

/** What an HTTP client needs of the setting. */
export const httpSettingOf = (setting: ConnectorSetting): HttpSetting => ({
  rules: setting.rules,
  now: setting.now,
  random: setting.random,
  remainingMs: setting.remainingMs,
  ...setting.http,
});
