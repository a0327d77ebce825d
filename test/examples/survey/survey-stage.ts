/** The survey over two Regions in memory: the production writer, real keys, a clock and faults that the test sets. */
import type { Hono } from 'hono';

import { createSurveyApp } from '../../../examples/survey/functions/app.ts';
import type { SurveyDependencies } from '../../../examples/survey/functions/survey-route.ts';
import { KeyAuthenticator } from '../../../functions/access/key-authenticator.ts';
import type { AccessRole } from '../../../functions/domain/access.ts';
import { ApiStage, type Json, requestOf, type Sent } from '../../functions/query/api-stage.ts';

export const HOME = 'us-east-2';
export const PEER = 'us-west-2';

export interface Got {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

export class TestSurvey {
  readonly api = new ApiStage();
  /** By Region. */
  readonly apps: Readonly<Record<string, Hono>> = {
    [HOME]: createSurveyApp(this.#dependencies('home')),
    [PEER]: createSurveyApp(this.#dependencies('peer')),
  };

  async token(role: AccessRole): Promise<string> {
    return this.api.token([role]);
  }

  async send(region: string, address: string, sent: Sent = {}): Promise<Got> {
    const response = await this.apps[region]?.request(`/v1/surveys/${address}`, requestOf(sent));
    const text = (await response?.text()) ?? '';
    return {
      status: response?.status ?? 0,
      body: text === '' ? {} : (JSON.parse(text) as Json),
      headers: new Headers(response?.headers),
    };
  }

  #dependencies(side: 'home' | 'peer'): SurveyDependencies {
    const [mine, other] = side === 'home' ? [this.api.home, this.api.peer] : [this.api.peer, this.api.home];
    const { telemetry, requestId, now } = this.api.dependencies();
    return {
      region: mine.region,
      role: side === 'home' ? 'primary' : 'secondary',
      peerRegion: other.region,
      records: mine.tables.workspaces,
      writes: this.api.writerAt(mine, other),
      authenticator: new KeyAuthenticator({ records: mine.tables.workspaces, now }),
      telemetry,
      now,
      requestId,
    };
  }
}
