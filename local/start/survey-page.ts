/** The example survey of `npm start -- --survey`: its page on disk and on an address of this machine, with a key in the link. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { buildPage } from '../../examples/survey/page/build-page.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { readTokenFile } from '../../ops/token.ts';
import type { Provisioned } from '../region/messages.ts';
import { VOTER_TOKEN_FILE } from './access-keys.ts';
import type { StartOptions } from './options.ts';
import type { Screen } from './screen.ts';

export interface SurveyPageOptions {
  readonly options: Pick<StartOptions, 'dataDirectory'>;
  readonly screen: Pick<Screen, 'line'>;
}

export interface SurveyPage {
  /** The page as a file, with the key: what a double click opens. */
  readonly file: string;
  /** The same from a static host. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const SURVEY = {
  survey: 'lunch',
  question: 'What shall we have for lunch?',
  choices: [
    { id: 'soup', label: 'Soup' },
    { id: 'salad', label: 'Salad' },
    { id: 'pizza', label: 'Pizza' },
  ],
};

/** Any static host would do: one page, whatever is asked. */
const host = async (html: string): Promise<{ readonly origin: string; readonly close: () => Promise<void> }> => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};

export const openSurveyPage = async (
  { options, screen }: SurveyPageOptions,
  provisioned: Readonly<Record<Role, Pick<Provisioned, 'region' | 'endpoint'>>>,
): Promise<SurveyPage> => {
  const { dataDirectory } = options;
  const regions = ROLES.map((role) => ({ id: provisioned[role].region, endpoint: provisioned[role].endpoint }));
  const html = await buildPage({ ...SURVEY, regions });
  const file = path.resolve(dataDirectory, 'survey.html');
  await writeFile(file, html);
  const key = `#key=${(await readTokenFile(dataDirectory, VOTER_TOKEN_FILE)) ?? ''}`;
  const { origin, close } = await host(html);
  const page = { file: `${pathToFileURL(file).href}${key}`, url: `${origin}${key}`, close };
  screen.line('survey', `${page.url}  the page on a static host`);
  screen.line('survey', `${page.file}  the same page from disk`);
  return page;
};
