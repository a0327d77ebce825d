/**
 * Bedrock of one local Region, as far as embedding goes: `POST /model/<id>/invoke` for Titan Text Embeddings V2, with its limits and
 * its words of refusal. The model itself is not here: see `titan-vectors.ts`.
 */
import { z } from 'zod';

import {
  decodePathPart,
  parseJsonObject,
  partitionOf,
  type Permission,
  type ServiceBackend,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';
import { titanTokens, titanVector } from './titan-vectors.ts';

const BODY_BYTES_MAX = 1024 * 1024;
const TITAN = 'amazon.titan-embed-text-v2:0';
const TEXT_CHARS_MAX = 50_000;
const TEXT_TOKENS_MAX = 8192;

const INVOKE_PATH = /^\/model\/(?<model>[^/]+)\/invoke$/u;

const bodySchema = z.strictObject({
  inputText: z.string(),
  dimensions: z.literal([256, 512, 1024]).default(1024),
  normalize: z.boolean().default(true),
  embeddingTypes: z.array(z.literal('float')).optional(),
});

export interface BedrockModels {
  /** The account has no access to any model, or has it again. */
  setAccess(isGranted: boolean): void;
}

export interface BedrockOptions {
  readonly region: string;
}

export interface BedrockStandIn {
  readonly backend: ServiceBackend;
  readonly models: BedrockModels;
}

const refusal = (what: string): WireError => new WireError(400, 'ValidationException', what);

const modelOf = (path: string): string => decodePathPart(INVOKE_PATH.exec(path)?.groups?.['model'] ?? '');

const checkText = (text: string): void => {
  const length = (bound: string, least: number): WireError =>
    refusal(
      `Malformed input request: expected ${bound}: ${least}, actual: ${text.length}, please reformat your input and try again.`,
    );
  if (text.trim() === '') {
    throw length('minLength', 1);
  }
  if (text.length > TEXT_CHARS_MAX) {
    throw length('maxLength', TEXT_CHARS_MAX);
  }
  const tokens = titanTokens(text);
  if (tokens > TEXT_TOKENS_MAX) {
    throw refusal(`Too many input tokens. Max input tokens: ${TEXT_TOKENS_MAX}, request input token count: ${tokens}.`);
  }
};

const invoke = (request: ServiceRequest): ServiceReply => {
  if (modelOf(request.path) !== TITAN) {
    throw refusal('The provided model identifier is invalid.');
  }
  const body = bodySchema.safeParse(parseJsonObject(request.body));
  if (!body.success) {
    const { issues } = body.error;
    throw refusal(`Malformed input request: #/${issues[0]?.path.join('/') ?? ''}: not what the model takes.`);
  }
  const { inputText, dimensions } = body.data;
  checkText(inputText);
  const embedding = titanVector(inputText, dimensions);
  const tokens = titanTokens(inputText);
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-amzn-bedrock-input-token-count': String(tokens) },
    body: JSON.stringify({
      embedding,
      embeddingsByType: { float: embedding },
      inputTextTokenCount: tokens,
    }),
  };
};

export const openBedrock = ({ region }: BedrockOptions): BedrockStandIn => {
  let isGranted = true;
  const permissionsOf = (operation: string, { path }: ServiceRequest): readonly Permission[] =>
    operation === 'InvokeModel'
      ? [
          {
            action: 'bedrock:InvokeModel',
            resource: `arn:${partitionOf(region)}:bedrock:${region}::foundation-model/${modelOf(path)}`,
          },
        ]
      : [];
  return {
    models: {
      setAccess: (granted) => {
        isGranted = granted;
      },
    },
    backend: {
      service: 'bedrock',
      bodyBytesMax: BODY_BYTES_MAX,
      operationOf: ({ method, path }) => (method === 'POST' && INVOKE_PATH.test(path) ? 'InvokeModel' : 'Unknown'),
      permissionsOf,
      handle: async (operation, request) => {
        if (operation !== 'InvokeModel') {
          return failureReply('bedrock', 'unknown', 'The local Bedrock only embeds: POST /model/<id>/invoke.');
        }
        return isGranted
          ? invoke(request)
          : failureReply('bedrock', 'denied', "You don't have access to the model with the specified model ID.");
      },
    },
  };
};
