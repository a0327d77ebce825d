/** `twinmap incident` and `twinmap dependents`, over HTTP: a Region that nobody knows is refused in words, and never answered with nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { dependents, incident } from '../../ops/incident.ts';
import { ApiStage } from '../functions/query/api-stage.ts';

const stage = new ApiStage();
let server: Server;
let folder: string;
let token: string;

const STORES = { workspaces: 'w', audit: 'a', graph: 'g', bucket: 'b', index: 'i' };

beforeAll(async () => {
  await stage.corpus.commitSource('shop');
  token = await stage.token(['reader']);
  const app = stage.app();
  const relay = async ({ url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { authorization = '' } = headers;
    const answered = await app.request(url, { headers: { authorization } });
    response.writeHead(answered.status, { 'content-type': 'application/json' }).end(await answered.text());
  };
  server = createServer((request, response) => {
    void relay(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = server.address();
  const endpoint = `http://127.0.0.1:${typeof place === 'object' ? place?.port : ''}`;
  folder = await mkdtemp(path.join(tmpdir(), 'twinmap-incident-'));
  const regions = [{ role: 'primary', region: 'us-east-2', stores: STORES, endpoint }];
  await writeFile(path.join(folder, 'stores.json'), JSON.stringify({ regions }));
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

it.each([incident, dependents])('$name of a Region that nobody knows names those that are near', async ({ run }) => {
  const said: string[] = [];
  const ask = async (region: string): Promise<number> => {
    said.length = 0;
    return run({
      words: [region],
      options: { stores: path.join(folder, 'stores.json'), token },
      say: (line) => said.push(line),
      give: () => undefined,
    });
  };
  expect(await ask('us-east-9')).not.toBe(0);
  expect(said.join('\n')).toContain('"us-east-9" is no AWS Region');
  expect(said.join('\n')).toContain('Did you mean us-east-1');
  expect(await ask('us-west-1')).toBe(0);
  expect(said.join('\n')).toContain('us-west-1');
});

it('a name that is left out is asked for, and no address is', async () => {
  const said: string[] = [];
  const exit = await incident.run({
    words: [''],
    options: { stores: path.join(folder, 'stores.json'), token },
    say: (line) => said.push(line),
    give: () => undefined,
  });
  expect([exit, said]).toStrictEqual([64, ['a name is missing, as in: twinmap incident us-east-1']]);
});
