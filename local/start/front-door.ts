/** The router's Node entry on top of the two local Regions: one address that goes on answering when either is gone. */
import { InvariantError } from '../../functions/domain/errors.ts';
import { validateConfig } from '../../router/config/validate.ts';
import { type NodeRouter, startNodeRouter } from '../../router/entries/node/node-router.ts';

export interface FrontDoorOptions {
  readonly regions: readonly { readonly region: string; readonly endpoint: string }[];
  /** Called when a Region goes out or comes back. */
  readonly onLine?: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

export const openFrontDoor = async (options: FrontDoorOptions): Promise<NodeRouter> => {
  const validated = validateConfig({
    name: 'twinmap-local',
    listen: { host: '127.0.0.1', port: 0 },
    // Here both Regions take one Idempotency-Key for one write, so a write that a Region lost is sent to the other one.
    sharedKeyPaths: ['/v1/settings', '/v1/surveys'],
    regions: options.regions.map(({ region, endpoint }) => ({ id: region, endpoint })),
  });
  if (validated.kind === 'invalid') {
    throw new InvariantError(`the local router's config is refused: ${JSON.stringify(validated.problems)}`);
  }
  return startNodeRouter({
    config: validated.config,
    log: (_level, event, fields) => {
      options.onLine?.(event, fields ?? {});
    },
  });
};
