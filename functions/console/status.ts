/** The state of the Region that answered, as the API tells it to anybody. */
import { z } from 'zod';

import { standingShape } from '../query/corpus-shapes.ts';
import { type AskApi, type Read, readAs } from './console-api.ts';

const statusSchema = z.object({ region: z.string(), role: z.string(), ...standingShape });

export type RegionStatus = z.infer<typeof statusSchema>;

export const readStatus = async (ask: AskApi): Promise<Read<RegionStatus>> =>
  readAs(await ask({ path: '/v1/status' }), statusSchema);
