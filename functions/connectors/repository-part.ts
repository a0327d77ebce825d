/** The code of one repository as a part of a larger source: read by git itself, with the credentials of the source. */
import type { Connector, Cursor } from './connector.ts';
import { GIT_BOUNDS } from './git/git-bounds.ts';
import { createGitConnector, type GitDependencies } from './git/git-connector.ts';
import { parseCursor } from './git/git-cursor.ts';
import type { ConnectorSetting } from './kind.ts';
import type { Secret } from './secrets.ts';

export interface RepositoryAddress {
  readonly url: string;
  readonly branch?: string;
}

export type GitAuthorize = NonNullable<GitDependencies['authorize']>;

/** What git hosts take: any name, and the token as password. */
export const gitBasic =
  (user: string, readToken: (signal: AbortSignal) => Promise<Secret>): GitAuthorize =>
  async (signal) => {
    const token = await readToken(signal);
    return { authorization: `Basic ${Buffer.from(`${user}:${token.reveal()}`).toString('base64')}` };
  };

export const openRepository = (
  address: RepositoryAddress,
  setting: ConnectorSetting,
  authorize: GitAuthorize | null,
): Connector => {
  const { fetchDocumentsMax = GIT_BOUNDS.fetchDocumentsMax, http, onProgress } = setting;
  const { callTimeoutMs, callTotalTimeoutMs } = { ...GIT_BOUNDS, ...http?.bounds };
  return createGitConnector(
    { id: setting.sourceId, ...address, ...setting.rules },
    {
      directory: setting.directory,
      bounds: {
        fetchDocumentsMax,
        callTimeoutMs: Math.min(callTimeoutMs, callTotalTimeoutMs),
        retryDelayMs: http?.bounds?.retryDelayMs ?? GIT_BOUNDS.retryDelayMs,
      },
      ...(http?.resolve === undefined ? {} : { resolve: http.resolve }),
      ...(http?.network?.proxyUrl === undefined ? {} : { proxyUrl: http.network.proxyUrl }),
      ...(authorize === null ? {} : { authorize }),
      ...(onProgress === undefined ? {} : { onProgress }),
    },
  );
};

/** Of a cursor of a complete pull; a part that failed on the way stands for no commit, and so for none that it is at. */
export const commitOf = (cursor: Cursor): string => {
  const position = parseCursor(cursor);
  return position.kind === 'at' ? position.commit : JSON.stringify(cursor);
};
