/** What `npm run local:up` and a running `npm start` say to each other: one line of JSON each way, then the end. */
import { z } from 'zod';

export const ORDER_BYTES_MAX = 16 * 1024;
export const ANSWER_BYTES_MAX = 1024 * 1024;

export const orderSchema = z.strictObject({
  kind: z.literal('up'),
  role: z.enum(['primary', 'secondary']),
  /** Absolute; without it the stack's own file. */
  file: z.string().optional(),
});

export type ControlOrder = z.infer<typeof orderSchema>;

const changeSchema = z.object({
  action: z.enum(['create', 'update', 'delete']),
  type: z.string(),
  name: z.string(),
  properties: z.array(z.string()).readonly(),
  how: z.enum(['now', 'later', 'nothing', 'refused']),
  why: z.string().optional(),
});

const upSchema = z.object({
  role: z.enum(['primary', 'secondary']),
  region: z.string(),
  outcome: z.enum(['applied', 'unchanged', 'refused']),
  unchanged: z.int(),
  changes: z.array(changeSchema).readonly(),
  notUsed: z.array(z.object({ key: z.string(), why: z.string() })).readonly(),
  active: z.boolean(),
  epoch: z.int(),
});

/** `gone`: the Region's process is not there; `failed`: it is, and said no. */
export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done'), up: upSchema }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
  z.object({ kind: z.literal('gone'), message: z.string() }),
]);

export type ControlAnswer = z.infer<typeof answerSchema>;
export type UpReport = z.infer<typeof upSchema>;
