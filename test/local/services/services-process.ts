/** One Region's services in a process of their own, so that a test can kill it. Says its endpoint over IPC. */
import { openServices } from '../../../local/services/open-services.ts';
import { ACCOUNT, RECORDS, REGION } from './open-region.ts';

const [, , dataDirectory] = process.argv;
if (dataDirectory !== undefined) {
  const services = await openServices({ region: REGION, accountId: ACCOUNT, dataDirectory });
  await services.tables.ensureTable(RECORDS);
  await services.vectors.ensureBucket('knowledge');
  await services.vectors.ensureIndex({
    bucket: 'knowledge',
    name: 'chunks',
    dimension: 2,
    distanceMetric: 'cosine',
    nonFilterableMetadataKeys: [],
  });
  process.send?.({ endpoint: services.endpoint });
}
