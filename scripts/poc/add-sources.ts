/** Adds sources as a person does: by the API of one Region, which writes them to both. */
import { ConfigError } from '../../functions/domain/errors.ts';
import type { PocSource } from './sources.ts';

const REQUEST_TIMEOUT_MS = 30_000;

export const addSources = async (endpoint: string, token: string, sources: readonly PocSource[]): Promise<void> => {
  for (const { id, kind, name, config } of sources) {
    const answer = await fetch(`${endpoint}/v1/sources/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ kind, name, config }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) {
      throw new ConfigError(`The source ${id} was not added (${String(answer.status)}): ${text.slice(0, 500)}`);
    }
  }
};
