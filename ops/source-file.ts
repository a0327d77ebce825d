/**
 * `sources.yaml`: a list of sources as people write them, checked whole before anything is touched. The same file starts a local
 * run (`npm start -- --sources`) and adds to a running install (`twinmap source add --file`). JSON is YAML too.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';

import { configProblem, kindNamed } from '../functions/connectors/registry.ts';
import { REDACTION_MODES } from '../functions/domain/corpus.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { LIMITS } from '../functions/domain/limits.ts';
import {
  isSourceId,
  isWorkspaceId,
  SOURCE_ID_RULE,
  type SourceDefinition,
} from '../functions/domain/source-definition.ts';

const text = z.string().min(1);

const entrySchema = z.strictObject({
  id: z.string().refine((id) => isSourceId(id), `must be ${SOURCE_ID_RULE}`),
  kind: text.default('git'),
  name: text.max(LIMITS.sourceNameCharsMax).exactOptional(),
  config: z.record(z.string(), z.unknown()).exactOptional(),
  /** The short form of one git repository. */
  url: text.exactOptional(),
  branch: text.exactOptional(),
  /** A repository of this machine, relative to the file: for a local run only. */
  path: text.exactOptional(),
  redaction: z.enum(REDACTION_MODES).exactOptional(),
  workspace: z
    .string()
    .refine((id) => isWorkspaceId(id), 'must be the id of a workspace')
    .exactOptional(),
  enabled: z.boolean().default(true),
});

type Entry = z.infer<typeof entrySchema>;

const fileSchema = z.strictObject({ sources: z.array(entrySchema).min(1).max(LIMITS.sourcesMax) });

export interface WrittenSource {
  readonly definition: SourceDefinition;
  /** Set for a repository of this machine: its folder, in place of an address. */
  readonly directory?: string;
}

interface Place {
  readonly file: string;
  readonly problems: string[];
}

const complaint = (ids: readonly string[], { path: at, message }: z.core.$ZodIssue): string => {
  const [list, index, ...rest] = at;
  const id = typeof index === 'number' ? (ids[index] ?? `number ${String(index + 1)}`) : undefined;
  const where = list === 'sources' && id !== undefined ? `the source ${id}` : at.map(String).join('.');
  const field = rest.length === 0 ? '' : `, "${rest.map(String).join('.')}"`;
  return `${where === '' ? 'the file' : where}${field}: ${message}`;
};

const configOf = (entry: Entry): SourceDefinition['config'] | string => {
  const { kind, config, url, branch, path: folder } = entry;
  const forms = [config, url, folder].filter((one) => one !== undefined).length;
  if (forms !== 1) {
    return 'takes one of "config", and for git "url" or "path"';
  }
  if (config !== undefined) {
    return branch === undefined
      ? config
      : '"branch" belongs to "url" or "path"; in "config" it stands with its repository';
  }
  return kind === 'git'
    ? { repositories: [{ url: url ?? '', ...(branch === undefined ? {} : { branch }) }] }
    : `the kind ${kind} takes "config"`;
};

const sourceOf = (entry: Entry, { file, problems }: Place): WrittenSource | undefined => {
  const { id, kind, enabled, redaction, workspace, path: folder } = entry;
  const config = configOf(entry);
  if (typeof config === 'string') {
    problems.push(`the source ${id}: ${config}`);
    return undefined;
  }
  try {
    const trouble = folder === undefined ? configProblem(kindNamed(kind), config) : undefined;
    if (trouble !== undefined) {
      problems.push(`the source ${id}: ${trouble}`);
      return undefined;
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    problems.push(`the source ${id}: ${error.message}`);
    return undefined;
  }
  const definition: SourceDefinition = {
    id,
    kind,
    name: entry.name ?? id,
    config,
    enabled,
    ...(redaction === undefined ? {} : { redaction }),
    ...(workspace === undefined ? {} : { workspace }),
  };
  return folder === undefined ? { definition } : { definition, directory: path.resolve(path.dirname(file), folder) };
};

const idsIn = (value: unknown): readonly string[] => {
  const parsed = z.looseObject({ sources: z.array(z.looseObject({ id: z.string().catch('?') })) }).safeParse(value);
  return parsed.success ? parsed.data.sources.map(({ id }) => id) : [];
};

/** Every mistake in one sentence. What was written in the wrong place may be a secret, so no value is repeated. */
export const parseSources = (yaml: string, file: string): readonly WrittenSource[] => {
  let value: unknown;
  try {
    value = parse(yaml);
  } catch (error) {
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
    throw new ConfigError(`${file} is not YAML${line === undefined ? '' : ` (line ${String(line)})`}`, {
      cause: error,
    });
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const ids = idsIn(value);
    throw new ConfigError(`${file}: ${parsed.error.issues.map((issue) => complaint(ids, issue)).join('; ')}`);
  }
  const problems: string[] = [];
  const written = parsed.data.sources.flatMap((entry) => sourceOf(entry, { file, problems }) ?? []);
  const ids = parsed.data.sources.map(({ id }) => id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  const all = [...problems, ...twice.map((id) => `the source ${id} stands twice`)];
  if (all.length > 0) {
    throw new ConfigError(`${file}: ${all.join('; ')}`);
  }
  return written;
};

export const readSourcesFile = async (file: string): Promise<readonly WrittenSource[]> => {
  let yaml: string;
  try {
    yaml = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file} can't be read; it is a YAML file with a list "sources"`, { cause: error });
  }
  return parseSources(yaml, file);
};
