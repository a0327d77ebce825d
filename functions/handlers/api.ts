/** Lambda entry: the internal load balancer's requests. Reads come from the home Region alone. */
import { handle } from 'hono/aws-lambda';

import { readAssets } from '../console/assets.ts';
import { createApiApp } from './api-app.ts';
import { wireApi } from './api-wiring.ts';
import { keepRecentMetrics } from './keep-recent-metrics.ts';
import { openEmbedder } from './open-embedder.ts';
import { createTelemetry, environment, now } from './wire.ts';

const telemetry = createTelemetry('api');
const directory = import.meta.dirname;
const embedder = await openEmbedder({ environment, telemetry, use: 'query', now, directory });
const { dependencies, afterwards } = wireApi(telemetry, embedder);

// Its successor `@hono/aws-lambda` is not on npm; this is the only place that knows of either.
// oxlint-disable-next-line typescript/no-deprecated
const answer = handle(createApiApp(dependencies, { console: await readAssets(directory) }));

export const handler = async (...call: Parameters<typeof answer>): Promise<unknown> => {
  const response = await answer(...call);
  telemetry.flush();
  await Promise.all([afterwards(), keepRecentMetrics('api')]);
  return response;
};
