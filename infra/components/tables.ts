/** The three tables of a Region: one shape, because every record has the same envelope. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import type { RegionNames, TableNames } from '../names.ts';
import { stateful } from './resource-options.ts';

export interface TablesArgs {
  readonly names: RegionNames;
  readonly keyArn: pulumi.Input<string>;
}

const TABLES: readonly (keyof TableNames)[] = ['workspaces', 'audit', 'graph'];

/** Only key attributes may be listed: any other one is a difference that never goes away. */
const KEY_ATTRIBUTES = ['pk', 'sk', 'owedShard', 'v'].map((name) => ({ name, type: 'S' }));

export class Tables extends pulumi.ComponentResource {
  readonly tableNames: pulumi.Output<string[]>;

  constructor(name: string, args: TablesArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Tables', name, {}, options);
    const tables = TABLES.map((table) => createTable(this, name, args, table));
    this.tableNames = pulumi.all(tables.map((table) => table.name));
    this.registerOutputs({ tableNames: this.tableNames });
  }
}

const createTable = (parent: Tables, name: string, args: TablesArgs, table: keyof TableNames): aws.dynamodb.Table =>
  new aws.dynamodb.Table(
    `${name}-${table}`,
    {
      name: args.names.tables[table],
      billingMode: 'PAY_PER_REQUEST',
      hashKey: 'pk',
      rangeKey: 'sk',
      attributes: KEY_ATTRIBUTES,
      globalSecondaryIndexes: [owedIndex],
      serverSideEncryption: { enabled: true, kmsKeyArn: args.keyArn },
      pointInTimeRecovery: { enabled: true },
      // Only notes of operations carry it: what a table drops by itself, on its own day, is outside every digest.
      ttl: { enabled: true, attributeName: 'expires' },
      deletionProtectionEnabled: true,
    },
    stateful(parent),
  );

/**
 * Finds what the peer has not confirmed: only such items carry `owedShard`. The older spelling of the keys is used, since
 * the newer one (`keySchemas`) has been seen to show a difference on every deployment and to rebuild the index.
 */
const owedIndex = { name: 'owed', hashKey: 'owedShard', rangeKey: 'v', projectionType: 'KEYS_ONLY' };
