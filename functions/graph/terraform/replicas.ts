/**
 * Which resources have a copy, or another instance, in another Region: instances of one declaration, replicas that are declared,
 * and records that fail over between them. A copy in another Region is what turns DOWN into DEGRADED.
 */
import { isRegion, withoutRegion } from '../region/names.ts';
import { evaluate } from './evaluate.ts';
import { referencesOf } from './references.ts';
import type { Instance } from './resources.ts';
import { instanceKey, type InstanceIndex } from './instance-index.ts';
import { attributeOf, type Block, type Expression, withDynamic } from './syntax.ts';
import { bound, type Scope } from './scope.ts';
import { inFile, scalar, textOf, type Value } from './value.ts';
import type { Place } from '../facts/vocabulary.ts';

/** Regions, with the lines that name them. */
type Regions = ReadonlyMap<string, readonly Place[]>;

interface Group {
  readonly members: ReadonlySet<string>;
  readonly regions: Regions;
}

/** Regions for each instance (by id and environment), its own included. */
export type Alternates = ReadonlyMap<string, Regions>;

/** Carry traffic and keep nothing: two of them with one name in two Regions stand in for each other. */
const STATELESS =
  /^aws_(?:lb|alb|elb|lambda_function|ecs_service|eks_cluster|ecs_cluster|autoscaling_group|instance|apigatewayv2_api|api_gateway_rest_api|apprunner_service)$/u;

/** Attributes by which a copy names its original. */
const ORIGINALS: Readonly<Record<string, string>> = {
  aws_db_instance: 'replicate_source_db',
  aws_rds_cluster: 'replication_source_identifier',
  aws_kms_replica_key: 'primary_key_arn',
  aws_kms_replica_external_key: 'primary_key_arn',
  aws_dynamodb_table_replica: 'global_table_arn',
  aws_s3_bucket_replication_configuration: 'bucket',
  aws_db_instance_automated_backups_replication: 'source_db_instance_arn',
};

/** Attributes by which members of one global thing name it. */
const GLOBALS: Readonly<Record<string, string>> = {
  aws_rds_cluster: 'global_cluster_identifier',
  aws_docdb_cluster: 'global_cluster_identifier',
  aws_neptune_cluster: 'global_cluster_identifier',
  aws_elasticache_replication_group: 'global_replication_group_id',
};

const REGION_ATTRIBUTES: ReadonlySet<string> = new Set(['region_name', 'region']);

const iterations = (block: Block, scope: Scope): readonly Scope[] => {
  const each = attributeOf(block, 'for_each');
  const value = each === undefined ? undefined : evaluate(each.value, scope);
  const iterator = attributeOf(block, 'iterator')?.value;
  const name = iterator?.kind === 'reference' ? iterator.root : (block.labels[0] ?? '');
  const bind = (key: Value, item: Value): Scope =>
    bound(scope, [[name, { kind: 'object', entries: new Map(Object.entries({ key, value: item })), at: [] }]]);
  if (value?.kind === 'list') {
    return value.items.map((item) => bind(item, item));
  }
  return value?.kind === 'object' ? [...value.entries].map(([key, item]) => bind(scalar(key), item)) : [scope];
};

interface Named {
  readonly region: string;
  readonly at: readonly Place[];
}

/** Regions that inner blocks name: `replica { region_name = … }`. */
const innerRegions = (block: Pick<Block, 'blocks'>, type: string, scope: Scope, path: string): readonly Named[] =>
  block.blocks.flatMap((inner): readonly Named[] => {
    const isDynamic = inner.type === 'dynamic' && inner.labels[0] === type;
    if (!isDynamic && inner.type !== type) {
      return [];
    }
    const content = isDynamic ? inner.blocks.find((one) => one.type === 'content') : inner;
    const attributes = content?.attributes.filter(({ name }) => REGION_ATTRIBUTES.has(name)) ?? [];
    return (isDynamic ? iterations(inner, scope) : [scope]).flatMap((one) =>
      attributes.flatMap(({ value, line }): Named[] => {
        const given = inFile(evaluate(value, one), path);
        const region = textOf(given);
        return region === undefined ? [] : [{ region, at: [{ path, line }, ...given.at] }];
      }),
    );
  });

/** Buckets that a replication names, at any depth of its rules. */
const destinationsOf = (block: Pick<Block, 'blocks'>): readonly Expression[] =>
  withDynamic(block).flatMap((inner): readonly Expression[] => {
    const bucket = inner.type === 'destination' ? attributeOf(inner, 'bucket')?.value : undefined;
    return bucket === undefined ? destinationsOf(inner) : [bucket];
  });

const NO_GROUP: Group = { members: new Set(), regions: new Map() };

/** The first lines that name a Region are kept. */
const withRegions = (known: Regions, more: readonly Named[]): Regions =>
  new Map([...more.filter(({ region }) => isRegion(region)).map(({ region, at }) => [region, at] as const), ...known]);

class Groups {
  readonly #groups = new Map<string, Group>();

  join(key: string, members: readonly string[], regions: readonly Named[] = []): void {
    const group = this.#groups.get(key) ?? NO_GROUP;
    this.#groups.set(key, {
      members: new Set([...group.members, ...members]),
      regions: withRegions(group.regions, regions),
    });
  }

  all(): readonly Group[] {
    return [...this.#groups.values()];
  }
}

/** What a record or a copy points at, as instances of the same environment. */
const targets = (expression: Expression | undefined, one: Instance, index: InstanceIndex): readonly string[] =>
  expression === undefined
    ? []
    : referencesOf(expression, one.scope).flatMap((reference) =>
        reference.kind === 'resource' ? index.of(reference).map((found) => instanceKey(found)) : [],
      );

const joinCopies = (one: Instance, groups: Groups, index: InstanceIndex): void => {
  const key = instanceKey(one);
  const original = ORIGINALS[one.type];
  if (original !== undefined) {
    const found = targets(attributeOf(one.block, original)?.value, one, index);
    found.forEach((target) => {
      groups.join(`copy ${target}`, [
        target,
        key,
        ...destinationsOf(one.block).flatMap((to) => targets(to, one, index)),
      ]);
    });
  }
  if (one.type === 'aws_s3_bucket') {
    const to = destinationsOf(one.block).flatMap((destination) => targets(destination, one, index));
    groups.join(`copy ${key}`, [key, ...to]);
  }
  const shared = GLOBALS[one.type];
  const identifier = shared === undefined ? undefined : attributeOf(one.block, shared)?.value;
  if (identifier !== undefined) {
    // The global thing itself is made through one Region; its members carry the traffic.
    groups.join(`global ${one.environment ?? ''} ${identifier.text}`, [key, ...targets(identifier, one, index)]);
  }
};

const joinDeclared = (one: Instance, groups: Groups): void => {
  const regions = innerRegions(one.block, 'replica', one.scope, one.path);
  if (regions.length > 0) {
    groups.join(`replica ${instanceKey(one)}`, [instanceKey(one)], regions);
  }
};

/** Records of one name that fail over to, or share traffic with, each other. */
const joinRecords = (one: Instance, groups: Groups, index: InstanceIndex): void => {
  const isShared = withDynamic(one.block).some(({ type }) => type.endsWith('_routing_policy'));
  if (one.type !== 'aws_route53_record' || !isShared) {
    return;
  }
  const name = attributeOf(one.block, 'name')?.value;
  const records = attributeOf(one.block, 'records')?.value;
  const aliases = withDynamic(one.block)
    .filter(({ type }) => type === 'alias')
    .flatMap((alias) => attributeOf(alias, 'name')?.value ?? []);
  const found = [...(records === undefined ? [] : [records]), ...aliases].flatMap((to) => targets(to, one, index));
  const label = name === undefined ? '' : (textOf(evaluate(name, one.scope)) ?? name.text);
  groups.join(`record ${one.environment ?? ''} ${label}`, found);
};

const joinNamesakes = (one: Instance, groups: Groups): void => {
  const key = instanceKey(one);
  groups.join(`same ${key}`, [key]);
  if (STATELESS.test(one.type)) {
    const root = `${one.module.root} ${one.module.address}`;
    const name = withoutRegion(one.block.labels[1] ?? '');
    groups.join(`stateless ${one.environment ?? ''} ${root} ${one.type} ${name}`, [key]);
  }
};

/** Every repository of an account is copied, not one of them. */
const registryRegions = (instances: readonly Instance[]): readonly Named[] =>
  instances
    .filter(({ type }) => type === 'aws_ecr_replication_configuration')
    .flatMap((one) => {
      const regionsIn = (block: Pick<Block, 'blocks'>): readonly Named[] => [
        ...innerRegions(block, 'destination', one.scope, one.path),
        ...withDynamic(block).flatMap((inner) => regionsIn(inner)),
      ];
      return regionsIn(one.block);
    });

/** What belongs to another resource and is nothing without it. */
const SATELLITES: Readonly<Record<string, readonly string[]>> = {
  aws_kms_alias: ['aws_kms_key', 'aws_kms_replica_key'],
  aws_kms_key_policy: ['aws_kms_replica_key'],
  aws_elasticache_cluster: ['aws_elasticache_replication_group'],
  aws_ecr_lifecycle_policy: ['aws_ecr_repository'],
};

const isSatellite = (type: string, of: string): boolean =>
  (type.startsWith(`${of}_`) && !(type in ORIGINALS) && !(type in GLOBALS)) || SATELLITES[type]?.includes(of) === true;

/** A policy of a bucket, an instance of a cluster: it is copied where that is. */
const mainOf = (one: Instance, index: InstanceIndex): readonly string[] =>
  one.block.attributes.flatMap(({ value }) =>
    referencesOf(value, one.scope).flatMap((reference) =>
      reference.kind === 'resource'
        ? index.of(reference).flatMap((found) => (isSatellite(one.type, found.type) ? instanceKey(found) : []))
        : [],
    ),
  );

const placesIn = (instances: readonly Instance[]): ReadonlyMap<string, Regions> => {
  const places = new Map<string, Regions>();
  for (const one of instances) {
    const known = places.get(instanceKey(one)) ?? new Map<string, readonly Place[]>();
    const at = [{ path: one.path, line: one.block.line }, ...inFile(one.provider.region, one.path).at];
    const own = one.region === undefined ? [] : [{ region: one.region, at }];
    places.set(instanceKey(one), withRegions(known, own));
  }
  return places;
};

const withCopiesOf = (groups: Groups, places: ReadonlyMap<string, Regions>): Map<string, Regions> => {
  const found = new Map<string, Regions>();
  for (const { members, regions } of groups.all()) {
    const all = new Map(regions);
    for (const member of members) {
      places.get(member)?.forEach((at, region) => {
        all.set(region, all.get(region) ?? at);
      });
    }
    for (const member of members) {
      found.set(member, new Map([...all, ...(found.get(member) ?? [])]));
    }
  }
  return found;
};

export const alternatesOf = (instances: readonly Instance[], index: InstanceIndex): Alternates => {
  const groups = new Groups();
  const registries = registryRegions(instances);
  for (const one of instances) {
    joinNamesakes(one, groups);
    joinCopies(one, groups, index);
    joinDeclared(one, groups);
    joinRecords(one, groups, index);
    if (one.type === 'aws_ecr_repository' && registries.length > 0) {
      groups.join(`registry ${instanceKey(one)}`, [instanceKey(one)], registries);
    }
  }
  const found = withCopiesOf(groups, placesIn(instances));
  for (const one of instances) {
    for (const main of mainOf(one, index)) {
      found.set(instanceKey(one), new Map([...(found.get(main) ?? []), ...(found.get(instanceKey(one)) ?? [])]));
    }
  }
  return found;
};
