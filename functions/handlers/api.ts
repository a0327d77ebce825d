/** Lambda entry: the internal load balancer's requests, answered from the home Region alone. */
import { handle } from 'hono/aws-lambda';
import { ulid } from 'ulid';

import { isUnknown } from '../gate/decide.ts';
import { peekGate } from '../gate/gate.ts';
import { createApiApp } from './api-app.ts';
import { parseStoresEnvironment } from './environment.ts';
import { openRegion } from './open-region.ts';
import { createTelemetry, environment, gateOf, now, openEmbedder } from './wire.ts';

const telemetry = createTelemetry('api');
const stores = parseStoresEnvironment(environment);
const home = openRegion(stores.home);
const gate = gateOf(home, telemetry);

const app = createApiApp({
  region: home.region,
  role: stores.role,
  ...(stores.peer === undefined ? {} : { peerRegion: stores.peer.region }),
  records: home.tables.graph,
  vectors: home.vectors,
  embedder: await openEmbedder(),
  readGate: async () => {
    const decision = await peekGate(gate);
    return {
      // A run takes what it can't read for passive; a person has to see that it is not known.
      state: isUnknown(decision) ? 'unknown' : decision.state,
      reason: decision.reason,
      ...(decision.inForce === undefined ? {} : { epoch: decision.inForce.epoch }),
    };
  },
  telemetry,
  now,
  requestId: () => ulid(),
});

// Its successor `@hono/aws-lambda` is not on npm; this is the only place that knows of either.
// oxlint-disable-next-line typescript/no-deprecated
export const handler = handle(app);
