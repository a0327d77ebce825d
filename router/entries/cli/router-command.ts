/** The shape of a command, the same as that of the `twinmap` CLI: product code can't import `ops`, so it is told twice. */
import { readFile } from 'node:fs/promises';

import { ConfigError } from '../../../functions/domain/errors.ts';
import type { RouterConfig } from '../../config/schema.ts';
import { parseConfigText } from '../../config/validate.ts';

export interface RouterCommandInput {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly say: (line: string) => void;
  readonly give: (value: unknown) => void;
}

export interface RouterCommand {
  readonly name: string;
  readonly arguments: readonly { readonly name: string; readonly help: string }[];
  readonly help: string;
  readonly options: readonly { readonly flags: string; readonly help: string; readonly fallback?: string }[];
  /** Answers with the exit code. */
  readonly run: (input: RouterCommandInput) => Promise<number>;
}

/** As in `ops/command.ts`. */
export const ROUTER_EXIT = { done: 0, error: 1, unreachable: 4, usage: 64 } as const;

export const CONFIG_OPTION = {
  flags: '--config <file>',
  help: "the router's config",
  fallback: 'router.json',
} as const;

/** Every mistake of the file in one error. */
export const readConfig = async ({ options }: RouterCommandInput): Promise<RouterConfig> => {
  const file = String(options['config'] ?? CONFIG_OPTION.fallback);
  let text = '';
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`There is no config that can be read at ${file}: name it with --config.`, { cause: error });
  }
  const validated = parseConfigText(text);
  if (validated.kind === 'invalid') {
    const lines = validated.problems.map(({ path, message }) => `  ${path === '' ? '(file)' : path} ${message}`);
    throw new ConfigError(`${file} is not a router config:\n${lines.join('\n')}`);
  }
  return validated.config;
};

export const textOption = (input: RouterCommandInput, name: string): string | undefined => {
  const value = input.options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** `90s`, `15m`, `2h`; undefined where it is none. */
export const parseDurationMs = (text: string): number | undefined => {
  const { count, unit } = /^(?<count>\d{1,6})(?<unit>[smhd])$/u.exec(text)?.groups ?? {};
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const unitMs = units[unit ?? ''];
  return count === undefined || unitMs === undefined ? undefined : Number(count) * unitMs;
};
