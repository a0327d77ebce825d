/**
 * A stack's settings as the Pulumi CLI would hand them to the program: defaults of `Pulumi.yaml`, over them
 * `Pulumi.<stack>.yaml`, over these the caller's own. Every value ends as text, lists and objects as JSON text.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';

export interface LoadStackConfigOptions {
  readonly rootDirectory: string;
  readonly stack: string;
  /** In place of `Pulumi.<stack>.yaml` in the root directory. */
  readonly file?: string | undefined;
  /** Full keys; an empty text unsets an optional setting. */
  readonly overrides?: Readonly<Record<string, string>>;
}

export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
}

const projectFile = z.object({ name: z.string().min(1), config: z.record(z.string(), z.unknown()).default({}) });
const stackFile = z.object({ config: z.record(z.string(), z.unknown()).default({}) });
const declaration = z.object({ default: z.unknown().optional(), value: z.unknown().optional() });

export const loadStackConfig = async (options: LoadStackConfigOptions): Promise<StackConfig> => {
  const project = await readYaml(path.join(options.rootDirectory, 'Pulumi.yaml'), projectFile);
  const file = options.file ?? path.join(options.rootDirectory, `Pulumi.${options.stack}.yaml`);
  const stack = await readYaml(file, stackFile);
  const config = {
    ...defaultsOf(project.name, project.config),
    ...textsOf(path.basename(file), stack.config),
    ...options.overrides,
  };
  return { project: project.name, stack: options.stack, config };
};

const readYaml = async <T>(file: string, schema: z.ZodType<T>): Promise<T> => {
  const name = path.basename(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${name} can't be read in ${path.dirname(file)}; it is needed to run the program.`, {
      cause: error,
    });
  }
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    const [why = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw new ConfigError(`${name} is not YAML: ${why}`, { cause: error });
  }
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`${name} is not a Pulumi file: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  return parsed.data;
};

/** A project's own keys declare a `default`; keys of another namespace may only give a `value`. */
const defaultsOf = (project: string, declared: Readonly<Record<string, unknown>>): Record<string, string> => {
  const texts: Record<string, string> = {};
  for (const [key, entry] of Object.entries(declared)) {
    const isForeign = key.includes(':');
    const parsed = declaration.safeParse(entry);
    const chosen = !parsed.success ? entry : isForeign ? parsed.data.value : parsed.data.default;
    if (chosen !== undefined) {
      texts[isForeign ? key : `${project}:${key}`] = textOf(chosen);
    }
  }
  return texts;
};

const textsOf = (name: string, entries: Readonly<Record<string, unknown>>): Record<string, string> => {
  const texts: Record<string, string> = {};
  for (const [key, entry] of Object.entries(entries)) {
    if (!key.includes(':')) {
      throw new ConfigError(`${name} has the key ${key} without a namespace; write twinmap:${key}.`);
    }
    if (typeof entry === 'object' && entry !== null && 'secure' in entry) {
      throw new ConfigError(
        `${name} has ${key} encrypted, which only the Pulumi CLI can read; give it another value to run locally.`,
      );
    }
    texts[key] = textOf(entry);
  }
  return texts;
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
