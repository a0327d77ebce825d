/** Lambda entry: this Region's proof of what it holds, and the nodes and entries that a comparison asks for. */
import { RegionUnavailableError } from '../domain/errors.ts';
import { answerProof, type ProofAnswer, type ProofCache, parseProofRequest } from '../repair/proof-service.ts';
import { parseStoresEnvironment } from './environment.ts';
import { openRegion } from './open-region.ts';
import { createTelemetry, environment, now } from './wire.ts';

const telemetry = createTelemetry('proof');
const stores = parseStoresEnvironment(environment);
const home = openRegion(stores.home);
const cache: ProofCache = { proofs: new Map() };

export const handler = async (event: unknown): Promise<ProofAnswer> => {
  const startedAt = now();
  const answer = await answerProof({ home, role: stores.role, cache, now }, parseProofRequest(event));
  if (answer.kind === 'failed') {
    telemetry.log('error', 'proof.failed', { reason: answer.failure.reason, code: answer.failure.code });
    throw new RegionUnavailableError(`${home.region} can't be read (${answer.failure.code})`);
  }
  if (answer.value.kind === 'proof') {
    const { root, documents, chunks, vectors } = answer.value;
    telemetry.log('info', 'proof.computed', { root, documents, chunks, vectors, durationMs: now() - startedAt });
  }
  return answer.value;
};
