/**
 * What the gateway hands to a stand-in, and what it gets back: plain values, never a socket. A fault can therefore lose,
 * delay or cut any answer without the stand-in knowing, and a client that hangs up can't break the stand-in.
 */
import type { IncomingHttpHeaders } from 'node:http';

import { TwinmapError } from '../../functions/domain/errors.ts';

/** The signing names of the services that one local Region stands in for. */
export const SERVICE_NAMES = [
  'dynamodb',
  's3vectors',
  'appconfig',
  'sqs',
  'kms',
  'bedrock',
  'sts',
  'lambda',
  'secretsmanager',
  'comprehend',
] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

export interface ServiceHead {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface ServiceRequest extends ServiceHead {
  readonly body: Buffer;
  /** Raised when the client left or the Region closes: a long poll ends without taking a message. */
  readonly abandoned: AbortSignal;
}

export interface ServiceReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** One IAM action on one resource ARN. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
}

export interface ServiceBackend {
  readonly service: ServiceName;
  readonly bodyBytesMax: number;
  /** The operation by its AWS name, from the head alone: fault rules decide before a body is read. */
  operationOf(head: ServiceHead): string;
  /** What IAM would ask of the caller for this request. Empty where the request names nothing that exists. */
  permissionsOf(operation: string, request: ServiceRequest): readonly Permission[];
  handle(operation: string, request: ServiceRequest): Promise<ServiceReply>;
}

/** An answer that AWS would give as an error; the stand-in's rim turns it into that service's wire shape. */
export class WireError extends TwinmapError {
  readonly code = 'TM_LOCAL_WIRE';
  readonly audience = 'builder';
  override readonly name = 'WireError';
  readonly status: number;
  readonly type: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, type: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.details = details;
  }
}

/** The account partition of a Region, the second field of its ARNs. */
export const partitionOf = (region: string): string => {
  if (region.startsWith('us-gov-')) {
    return 'aws-us-gov';
  }
  return region.startsWith('cn-') ? 'aws-cn' : 'aws';
};

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A request body as a JSON object; an empty body counts as `{}`, undefined where it is anything else. */
export const parseJsonObject = (body: Buffer): JsonObject | undefined => {
  if (body.length === 0) {
    return {};
  }
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
};

/** A part of a path without its percent signs; as it came where they mean nothing. */
export const decodePathPart = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) {
      return part;
    }
    throw error;
  }
};
