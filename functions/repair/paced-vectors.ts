/** A Region's stores whose vectors are written at no more than a given rate: repair leaves half of the index to sync cycles. */
import { LIMITS } from '../domain/limits.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { Pace } from './pace.ts';

export interface PaceTime {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface VectorRates {
  readonly vectorsPerSecondMax: number;
  readonly requestsPerSecondMax: number;
}

const REPAIR_RATES: VectorRates = {
  vectorsPerSecondMax: LIMITS.repairVectorsPerSecondMax,
  requestsPerSecondMax: LIMITS.repairVectorRequestsPerSecondMax,
};

/** Both limits hold, of vectors and of requests: many small documents meet the second one first. */
export const paceVectors = (stores: RegionStores, time: PaceTime, rates: VectorRates = REPAIR_RATES): RegionStores => {
  const vectorsPace = new Pace(rates.vectorsPerSecondMax, time);
  const requestsPace = new Pace(rates.requestsPerSecondMax, time);
  const { vectors } = stores;
  return {
    ...stores,
    vectors: {
      put: async (batch) => {
        await vectorsPace.take(batch.length);
        await requestsPace.take(Math.ceil(batch.length / LIMITS.vectorPutItemsMax));
        return vectors.put(batch);
      },
      get: async (keys) => vectors.get(keys),
      getHashes: async (keys) => vectors.getHashes(keys),
      delete: async (keys) => vectors.delete(keys),
      list: async (options) => vectors.list(options),
      listHashes: async (options) => vectors.listHashes(options),
      query: async (query) => vectors.query(query),
    },
  };
};
