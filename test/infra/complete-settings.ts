/** The settings of `Pulumi.<stack>.yaml` as the CLI hands them over; tests change one at a time. */
import path from 'node:path';

import { loadStackConfig } from '../../local/monitor/stack-config.ts';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

export type Settings = Readonly<Record<string, string>>;

export const exampleSettings = async (stack: 'primary' | 'secondary', overrides: Settings = {}): Promise<Settings> => {
  const { config } = await loadStackConfig({ rootDirectory: REPOSITORY, stack, overrides });
  return config;
};

/** The same without some keys. */
export const without = (settings: Settings, ...keys: readonly string[]): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => !keys.includes(key)));
