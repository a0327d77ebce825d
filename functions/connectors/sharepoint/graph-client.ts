/**
 * Calls to Microsoft Graph: a token by client credentials, kept until shortly before its end, and the addresses that Graph hands out
 * for next pages, which are only followed at Graph itself.
 */
import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import { type Authorize, HttpClient, type HttpSetting } from '../http/http-client.ts';
import { Secret, type SecretSource } from '../secrets.ts';
import type { SharePointConfig } from './sharepoint-config.ts';

const tokenSchema = z.looseObject({ access_token: z.string(), expires_in: z.number() });

/** `expires_in` is a length of time, so only our own clock is needed. */
const graphTokens = (config: SharePointConfig, secrets: SecretSource, setting: HttpSetting): Authorize => {
  let kept: { readonly secret: Secret; readonly endsAt: number } | null = null;
  return async (signal, renew) => {
    if (kept === null || renew || setting.now() >= kept.endsAt - LIMITS.tokenMarginMs) {
      const login = new HttpClient(config.loginUrl, setting, async () => ({}));
      try {
        const client = await secrets.read(config.clientSecret, signal);
        const body = new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: config.clientId,
          client_secret: client.reveal(),
          scope: `${new URL(config.graphUrl).origin}/.default`,
        });
        const call = {
          url: `/${encodeURIComponent(config.tenantId)}/oauth2/v2.0/token`,
          what: 'a token',
          signal,
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: body.toString(),
        } as const;
        const { value } = await login.json(call, tokenSchema);
        kept = { secret: new Secret(value.access_token), endsAt: setting.now() + value.expires_in * 1000 };
      } finally {
        await login.close();
      }
    }
    return { authorization: `Bearer ${kept.secret.reveal()}` };
  };
};

export const openGraph = (config: SharePointConfig, secrets: SecretSource, setting: HttpSetting): HttpClient =>
  new HttpClient(config.graphUrl, setting, graphTokens(config, secrets, setting));
