/** Where a running pair of local Regions is: the file that `npm start` keeps in its data folder while it runs. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { TwinmapError } from '../functions/domain/errors.ts';

export const RUNNING_FILE = 'running.json';

/** What a Region's stores are called, and where they answer if not at the Region's public endpoints. */
export const storesSchema = z.object({
  workspaces: z.string().min(1),
  audit: z.string().min(1),
  graph: z.string().min(1),
  bucket: z.string().min(1),
  index: z.string().min(1),
  dynamodb: z.url().optional(),
  s3vectors: z.url().optional(),
  /** Who knows the names in these addresses, `ip:port`; without it the operating system does. */
  dnsServers: z.array(z.string()).optional(),
});

/** Where the Region's gate document is: AppConfig's ids, as the stack's outputs name them. */
export const gatePlaceSchema = z.strictObject({
  application: z.string().min(1),
  environment: z.string().min(1),
  profile: z.string().min(1),
  /** 0 minutes, no bake: a flip must not wait. */
  strategy: z.string().min(1),
  appconfig: z.url().optional(),
  appconfigdata: z.url().optional(),
});

export type GatePlace = z.infer<typeof gatePlaceSchema>;

/** The Region's functions by what they do. */
export const functionsPlaceSchema = z.strictObject({
  dispatch: z.string().min(1),
  sync: z.string().min(1),
  api: z.string().min(1),
  drain: z.string().min(1),
  repair: z.string().min(1),
  proof: z.string().min(1),
  audit: z.string().min(1),
  lambda: z.url().optional(),
  sts: z.url().optional(),
});

const regionSchema = z.object({
  role: z.enum(['primary', 'secondary']),
  region: z.string(),
  endpoint: z.url(),
  /** For commands that need no API: they go to the stores. */
  stores: storesSchema.optional(),
  /** For commands that move the scheduled work. */
  gate: gatePlaceSchema.optional(),
  functions: functionsPlaceSchema.optional(),
});

const schema = z.object({
  pid: z.int(),
  regions: z.array(regionSchema).min(1),
  /** The certificate that vouches for the stores' addresses, a PEM file. */
  authority: z.string().optional(),
  /** One address for both Regions. */
  router: z.url().optional(),
  /** Takes changed stack files (`npm run local:up`): a Unix socket in a folder of the one who started the pair. */
  control: z.string().optional(),
});

export type RunningRegion = z.infer<typeof regionSchema>;
export type RunningPair = z.infer<typeof schema>;

/** No pair of local Regions is running in the data folder. */
export class NotRunningError extends TwinmapError {
  readonly code = 'TM_NOT_RUNNING';
  readonly audience = 'user';
  override readonly name = 'NotRunningError';
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: no such process. EPERM can't be: it is a process of the same person.
    return false;
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Half a file is no running pair; the schema refuses it.
    return undefined;
  }
};

export const readRunningPair = async (dataDirectory: string): Promise<RunningPair> => {
  const missing = new NotRunningError(
    `no local Regions are running in ${dataDirectory}; start them with: npm start` +
      (dataDirectory === '.twinmap' ? '' : ` -- --data ${dataDirectory}`),
  );
  let text: string;
  try {
    text = await readFile(path.join(dataDirectory, RUNNING_FILE), 'utf8');
  } catch {
    // Not there is the ordinary case: nothing was started.
    throw missing;
  }
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success || !isAlive(parsed.data.pid)) {
    throw missing;
  }
  return parsed.data;
};
