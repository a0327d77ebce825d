/** Lambda entry of the survey, in each Region: the load balancer's requests below `/v1/surveys/`. */
import { handle } from 'hono/aws-lambda';
import { ulid } from 'ulid';

import { KeyAuthenticator } from '../../../functions/access/key-authenticator.ts';
import { wireInteractive } from '../../../functions/handlers/interactive-wiring.ts';
import { createTelemetry, now } from '../../../functions/handlers/wire.ts';
import { createSurveyApp } from './app.ts';

const telemetry = createTelemetry('survey');
const { stores, regions, writes, afterwards } = wireInteractive(telemetry, ['workspaces']);
const { home, peer } = regions;
const { workspaces } = home.tables;

const app = createSurveyApp({
  region: home.region,
  role: stores.role,
  ...(peer === undefined ? {} : { peerRegion: peer.region }),
  records: workspaces,
  writes,
  authenticator: new KeyAuthenticator({ records: workspaces, now }),
  telemetry,
  now,
  requestId: () => ulid(),
});

// As in `functions/handlers/api.ts`: its successor `@hono/aws-lambda` is not on npm.
// oxlint-disable-next-line typescript/no-deprecated
const answer = handle(app);

export const handler = async (...call: Parameters<typeof answer>): Promise<unknown> => {
  const response = await answer(...call);
  await afterwards();
  return response;
};
