/**
 * What a route says of itself, beside its code: the document of the API is made of it, and so is what an agent is told of a tool.
 * Fields that every answer has (Region, role, epoch, where each source stands) are not repeated here.
 */
import type { z } from 'zod';

export interface RouteAbout {
  /** One line: what it answers or does. */
  readonly summary: string;
  /** More, where one line is not enough. */
  readonly description?: string;
  /** What the names in the path stand for, for instance `{ id: 'the id of a source' }`. */
  readonly path?: Readonly<Record<string, string>>;
  /** Query parameters, by name: those that `parameters` lists. Optional ones take `undefined`. */
  readonly query?: Readonly<Record<string, z.ZodType>>;
  /** Of the JSON object that comes with the request. */
  readonly body?: z.ZodType;
  /** The answer's own fields; a list brings `truncated` along by itself. */
  readonly answer: Readonly<Record<string, z.ZodType>>;
  /** The whole body, of an answer that has no fields of every answer. */
  readonly bare?: z.ZodType;
  /** The name of the field that is the list, where there is one. */
  readonly list?: string;
  /** Statuses of success; absent means 200. */
  readonly success?: readonly (200 | 201)[];
  /** Statuses of problems, beside those that every route of its kind has. */
  readonly problems?: readonly (400 | 404 | 409 | 422 | 503)[];
}
