/**
 * Reads the gate document through the AppConfig data plane in a fresh session. Never through the Lambda extension: it serves
 * what it has when AppConfig is slow, and a gate that trusts an hour-old "active" makes two active Regions.
 */
import {
  AppConfigDataClient,
  GetLatestConfigurationCommand,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';

import { boundedCall, clientOptions, type ClientTarget } from '../aws/client-options.ts';
import type { DocumentReading } from './decide.ts';
import { parseGateDocument } from './document.ts';

export interface GateAddress {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

export interface GateSource {
  read(): Promise<DocumentReading>;
}

export class AppConfigGateSource implements GateSource {
  readonly #client: AppConfigDataClient;
  readonly #address: GateAddress;
  readonly #callTimeoutMs: number;

  constructor(target: ClientTarget, address: GateAddress) {
    this.#client = new AppConfigDataClient(clientOptions(target));
    this.#address = address;
    this.#callTimeoutMs = target.bounds.callTimeoutMs;
  }

  async read(): Promise<DocumentReading> {
    const session = await boundedCall(this.#callTimeoutMs, (bound) =>
      this.#client.send(
        new StartConfigurationSessionCommand({
          ApplicationIdentifier: this.#address.application,
          EnvironmentIdentifier: this.#address.environment,
          ConfigurationProfileIdentifier: this.#address.profile,
        }),
        bound,
      ),
    );
    if (session.kind === 'failed') {
      return { kind: 'unreadable', failure: session.failure };
    }
    const latest = await boundedCall(this.#callTimeoutMs, (bound) =>
      this.#client.send(
        new GetLatestConfigurationCommand({ ConfigurationToken: session.value.InitialConfigurationToken }),
        bound,
      ),
    );
    if (latest.kind === 'failed') {
      return { kind: 'unreadable', failure: latest.failure };
    }
    const text = Buffer.from(latest.value.Configuration ?? []).toString('utf8');
    if (text === '') {
      return { kind: 'invalid', why: 'nothing was deployed' };
    }
    const parsed = parseGateDocument(text);
    return parsed.kind === 'valid' ? { kind: 'document', document: parsed.document } : parsed;
  }
}
