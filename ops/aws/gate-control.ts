/**
 * AppConfig's control plane as a flip needs it: a new hosted version of the gate document, and its deployment. Everything goes to
 * the Region's own endpoints; no other Region, no console and no Pulumi takes part.
 */
import {
  AppConfigClient,
  CreateHostedConfigurationVersionCommand,
  StartDeploymentCommand,
} from '@aws-sdk/client-appconfig';

import { boundedCall, clientOptions, type ClientTarget } from '../../functions/aws/client-options.ts';
import { DONE, failed, type Result } from '../../functions/domain/failure.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import type { GatePlace } from '../running-pair.ts';

const DESCRIPTION_CHARS_MAX = 1024;

/** While a deployment runs, AppConfig takes no other: that one lasts a moment, because nothing ramps and nothing bakes. */
const CONFLICT = 'ConflictException';

export interface GateControlOptions {
  readonly sleep: (ms: number) => Promise<void>;
  readonly conflictTriesMax: number;
}

const CONFLICT_DELAY_MS = 1000;

export class AppConfigGateControl {
  readonly #client: AppConfigClient;
  readonly #place: GatePlace;
  readonly #callTimeoutMs: number;
  readonly #options: GateControlOptions;

  constructor(target: ClientTarget, place: GatePlace, options: GateControlOptions) {
    this.#client = new AppConfigClient(clientOptions(target));
    this.#place = place;
    this.#callTimeoutMs = target.bounds.callTimeoutMs;
    this.#options = options;
  }

  /** A version that was made and not deployed is served to nobody: a repetition makes another one. */
  async deploy(document: GateDocument): Promise<Result<void>> {
    const { application, profile } = this.#place;
    const create = new CreateHostedConfigurationVersionCommand({
      ApplicationId: application,
      ConfigurationProfileId: profile,
      Content: Buffer.from(JSON.stringify(document)),
      ContentType: 'application/json',
      Description: `epoch ${document.epoch}: ${document.reason}`.slice(0, DESCRIPTION_CHARS_MAX),
    });
    const created = await boundedCall(this.#callTimeoutMs, (bound) => this.#client.send(create, bound));
    if (created.kind === 'failed') {
      return created;
    }
    const { VersionNumber } = created.value;
    if (VersionNumber === undefined) {
      return failed({ reason: 'unknown', code: 'NoVersion', message: 'AppConfig did not number the new version' });
    }
    return this.#start(VersionNumber);
  }

  async #start(version: number): Promise<Result<void>> {
    const { application, environment, profile, strategy } = this.#place;
    for (let tries = 1; ; tries += 1) {
      const start = new StartDeploymentCommand({
        ApplicationId: application,
        EnvironmentId: environment,
        ConfigurationProfileId: profile,
        ConfigurationVersion: String(version),
        DeploymentStrategyId: strategy,
      });
      const started = await boundedCall(this.#callTimeoutMs, (bound) => this.#client.send(start, bound));
      if (started.kind === 'done') {
        return DONE;
      }
      if (started.failure.code !== CONFLICT || tries >= this.#options.conflictTriesMax) {
        return started;
      }
      await this.#options.sleep(CONFLICT_DELAY_MS);
    }
  }
}
