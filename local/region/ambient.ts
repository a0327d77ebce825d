/** What every function of a local Region gets besides what the program declares: of the Lambda service, and of whoever started it. */
import { LOCAL_FOLDERS } from '../lambda/environment-launch.ts';
import type { Authority } from '../services/authority.ts';

type Variables = Readonly<Record<string, string>>;

/** What the API tells of the next run, where a person has asked for another interval. */
const scheduleOf = (intervalMs: number | undefined): Variables =>
  intervalMs === undefined ? {} : { TWINMAP_SCHEDULE: `rate(${intervalMs} milliseconds)` };

/** Folders of this machine that sources may read: given to `npm start`, or filled by it from its sources. */
const foldersOf = (environment: NodeJS.ProcessEnv): Variables => {
  const folders = environment[LOCAL_FOLDERS];
  return folders === undefined || folders === '' ? {} : { [LOCAL_FOLDERS]: folders };
};

export interface AmbientOptions {
  readonly nameServer?: string | undefined;
  readonly intervalMs?: number | undefined;
}

/** Whom to trust and whom to ask for addresses, as the Lambda service itself has it set up. */
export const ambientOf = (
  { nameServer, intervalMs }: AmbientOptions,
  authority: Authority,
  environment: NodeJS.ProcessEnv,
): Variables => ({
  NODE_EXTRA_CA_CERTS: authority.certificateFile,
  ...(nameServer === undefined ? {} : { TWINMAP_DNS_SERVERS: nameServer }),
  ...scheduleOf(intervalMs),
  ...foldersOf(environment),
});
