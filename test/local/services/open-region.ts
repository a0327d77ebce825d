/** Opens the services of one Region in a folder of its own, with the unmodified SDK clients pointed at it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { AppConfigDataClient } from '@aws-sdk/client-appconfigdata';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3VectorsClient } from '@aws-sdk/client-s3vectors';
import { SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';

import type { TableSpec } from '../../../local/region/services.ts';
import { type OpenServices, openServices, type OpenServicesOptions } from '../../../local/services/open-services.ts';

export const REGION = 'us-east-2';
export const ACCOUNT = '111122223333';

export const RECORDS: TableSpec = {
  name: 'records',
  hashKey: 'pk',
  rangeKey: 'sk',
  attributes: [
    { name: 'pk', type: 'S' },
    { name: 'sk', type: 'S' },
    { name: 'owed', type: 'S' },
    { name: 'v', type: 'S' },
  ],
  indexes: [{ name: 'owed', hashKey: 'owed', rangeKey: 'v', projection: 'KEYS_ONLY' }],
};

export const createDataDirectory = (): string => mkdtempSync(path.join(tmpdir(), 'twinmap-services-'));

export const removeDataDirectory = (directory: string): void => {
  rmSync(directory, { recursive: true, force: true });
};

export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly s3vectors: S3VectorsClient;
  readonly appconfig: AppConfigDataClient;
  readonly sqs: SQSClient;
}

interface ClientSettings {
  readonly region?: string;
  readonly maxAttempts?: number;
  readonly requestTimeoutMs?: number;
}

export const createClients = (endpoint: string, settings: ClientSettings = {}): Clients => {
  const timeout = settings.requestTimeoutMs ?? 20_000;
  const options = () => ({
    endpoint,
    region: settings.region ?? REGION,
    credentials: { accessKeyId: 'AKLOCAL', secretAccessKey: 'local' },
    maxAttempts: settings.maxAttempts ?? 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 1000,
      requestTimeout: timeout,
      socketTimeout: timeout,
      throwOnRequestTimeout: true,
    }),
  });
  return {
    dynamodb: new DynamoDBClient(options()),
    s3vectors: new S3VectorsClient(options()),
    appconfig: new AppConfigDataClient(options()),
    sqs: new SQSClient(options()),
  };
};

export interface OpenRegion extends Clients {
  readonly services: OpenServices;
  readonly directory: string;
  /** Closes and opens again on the same folder, with new clients. */
  restart(): Promise<OpenRegion>;
  close(): Promise<void>;
}

type Settings = Partial<OpenServicesOptions> & ClientSettings;

export const openRegion = async (settings: Settings = {}): Promise<OpenRegion> => {
  const directory = settings.dataDirectory ?? createDataDirectory();
  const services = await openServices({ accountId: ACCOUNT, ...settings, region: REGION, dataDirectory: directory });
  const clients = createClients(services.endpoint, settings);
  return {
    ...clients,
    services,
    directory,
    restart: async () => {
      await services.close();
      return openRegion({ ...settings, dataDirectory: directory });
    },
    close: async () => {
      await services.close();
      removeDataDirectory(directory);
    },
  };
};

/** A clock that stands still until a test moves it. */
export class TestClock {
  #now = 1_760_000_000_000;

  readonly now = (): number => this.#now;

  advance(ms: number): void {
    this.#now += ms;
  }
}
