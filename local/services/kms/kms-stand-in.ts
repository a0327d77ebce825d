/**
 * KMS of one local Region, as far as signing goes: asymmetric keys for ECDSA over P-256, AwsJson1_1. Keys that encrypt have
 * no stand-in, because nothing here is encrypted at rest.
 */
import { sign } from 'node:crypto';

import type { RegionServices } from '../../region/services.ts';
import {
  type JsonObject,
  parseJsonObject,
  partitionOf,
  type Permission,
  type ServiceBackend,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';
import { KeyDatabase, type SigningKey } from './key-database.ts';

const BODY_BYTES_MAX = 64 * 1024;
/** KMS signs messages up to this; for longer ones the caller sends the digest. */
const MESSAGE_BYTES_MAX = 4096;
const KEY_SPEC = 'ECC_NIST_P256';
const KEY_USAGE = 'SIGN_VERIFY';
const ALGORITHM = 'ECDSA_SHA_256';

export interface KmsOptions {
  readonly region: string;
  readonly accountId: string;
  readonly file: string;
}

export interface KmsStandIn {
  readonly backend: ServiceBackend;
  readonly keys: RegionServices['keys'];
  close(): void;
}

const kmsError = (type: string, message: string): WireError => new WireError(400, type, message);

const textOf = (input: JsonObject, name: string): string => {
  const value = input[name];
  return typeof value === 'string' ? value : '';
};

const messageOf = (input: JsonObject): Buffer => {
  const message = Buffer.from(textOf(input, 'Message'), 'base64');
  if (message.length === 0 || message.length > MESSAGE_BYTES_MAX) {
    throw kmsError('ValidationException', `Message must have from 1 to ${MESSAGE_BYTES_MAX} bytes.`);
  }
  return message;
};

class LocalKms implements KmsStandIn {
  readonly #options: KmsOptions;
  readonly #database: KeyDatabase;

  constructor(options: KmsOptions) {
    this.#options = options;
    this.#database = new KeyDatabase(options.file);
  }

  get backend(): ServiceBackend {
    return {
      service: 'kms',
      bodyBytesMax: BODY_BYTES_MAX,
      operationOf: ({ headers }) => {
        const target = headers['x-amz-target'];
        return typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : 'Unknown';
      },
      permissionsOf: (operation, request) => this.#permissionsOf(operation, request),
      handle: (operation, request) => Promise.resolve(this.#handle(operation, request)),
    };
  }

  get keys(): RegionServices['keys'] {
    return {
      ensureSigningKey: async (keyId) => {
        this.#database.ensureKey(keyId);
      },
      ensureAlias: async (name, keyId) => {
        this.#database.ensureAlias(name, keyId);
      },
    };
  }

  close(): void {
    this.#database.close();
  }

  #handle(operation: string, request: ServiceRequest): ServiceReply {
    const input = parseJsonObject(request.body);
    if (input === undefined) {
      throw kmsError('SerializationException', 'The request body is not a JSON object.');
    }
    switch (operation) {
      case 'Sign': {
        return this.#reply(this.#sign(input));
      }
      case 'GetPublicKey': {
        return this.#reply(this.#publicKey(input));
      }
      default: {
        return failureReply('kms', 'unknown', `The local KMS has no operation ${operation}.`);
      }
    }
  }

  #reply(output: object): ServiceReply {
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(output) };
  }

  #sign(input: JsonObject): object {
    const key = this.#key(input);
    if (input['SigningAlgorithm'] !== ALGORITHM) {
      throw kmsError('ValidationException', `SigningAlgorithm must be ${ALGORITHM} for a key of the spec ${KEY_SPEC}.`);
    }
    if (input['MessageType'] === 'DIGEST') {
      // Node signs messages only; who sends a digest would get a signature of the digest's digest.
      throw kmsError('ValidationException', 'The local KMS signs messages, not digests: send MessageType RAW.');
    }
    const signature = sign('sha256', messageOf(input), key.privateKey);
    return { KeyId: this.#arn(key.id), Signature: signature.toString('base64'), SigningAlgorithm: ALGORITHM };
  }

  #publicKey(input: JsonObject): object {
    const key = this.#key(input);
    return {
      KeyId: this.#arn(key.id),
      PublicKey: key.spki.toString('base64'),
      KeySpec: KEY_SPEC,
      CustomerMasterKeySpec: KEY_SPEC,
      KeyUsage: KEY_USAGE,
      SigningAlgorithms: [ALGORITHM],
    };
  }

  #permissionsOf(operation: string, request: ServiceRequest): readonly Permission[] {
    const id = this.#keyId(textOf(parseJsonObject(request.body) ?? {}, 'KeyId'));
    return id === undefined ? [] : [{ action: `kms:${operation}`, resource: this.#arn(id) }];
  }

  /** A key is named by its id, its ARN, an alias or the ARN of an alias. */
  #keyId(name: string): string | undefined {
    const short = name.startsWith('arn:') ? name.slice(name.lastIndexOf(':') + 1) : name;
    return short.startsWith('alias/') ? this.#database.aliased(short) : short.replace(/^key\//u, '');
  }

  #key(input: JsonObject): SigningKey {
    const name = textOf(input, 'KeyId');
    const id = this.#keyId(name);
    const key = id === undefined ? undefined : this.#database.find(id);
    if (key === undefined) {
      throw kmsError('NotFoundException', `Key '${name}' does not exist, or is none that signs.`);
    }
    return key;
  }

  #arn(id: string): string {
    const { region, accountId } = this.#options;
    return `arn:${partitionOf(region)}:kms:${region}:${accountId}:key/${id}`;
  }
}

export const openKms = (options: KmsOptions): KmsStandIn => new LocalKms(options);
