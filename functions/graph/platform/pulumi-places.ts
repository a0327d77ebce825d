/** Where a resource of a Pulumi program lies: its own `region`, the provider that it names, the default one, the stack's. */
import type { Place } from '../facts/vocabulary.ts';
import { isRegion } from '../region/names.ts';
import { at, type Data, type DataEntry, entriesAt, textAt } from '../syntax/data.ts';
import { known, type Program, regionIn, type Stack } from './pulumi-values.ts';

export interface Located {
  readonly region: string | undefined;
  readonly expression: string;
  readonly at: readonly Place[];
}

export const isProviderType = (type: string): boolean => type.startsWith('pulumi:providers:');

const isAwsProvider = ({ value }: DataEntry): boolean =>
  /^pulumi:providers:aws(?:-native)?$/u.test(textAt(value, 'type') ?? '');

const located = (data: Data, program: Program, stack: Stack | undefined): Located => {
  const value = known(data, program, stack);
  return { region: regionIn(value), expression: value.expression, at: value.at };
};

const ofStack = (stack: Stack | undefined): Located =>
  stack?.region === undefined
    ? { region: undefined, expression: 'aws:region is in no stack file', at: [] }
    : {
        region: isRegion(stack.region.text) ? stack.region.text : undefined,
        expression: stack.region.text,
        at: [stack.region.at],
      };

/** `${west}` of `options.provider`; of a component also in `options.providers`. */
const providerNames = (entry: DataEntry): readonly string[] => {
  const many = at(entry.value, 'options', 'providers');
  const items = many?.kind === 'list' ? many.items : many?.kind === 'map' ? many.entries.map(({ value }) => value) : [];
  const one = at(entry.value, 'options', 'provider');
  return [...(one === undefined ? [] : [one]), ...items].flatMap((data) =>
    data.kind === 'scalar' ? (/^\$\{(?<name>[^{}]+)\}$/u.exec(String(data.value))?.groups?.['name'] ?? []) : [],
  );
};

const providerOf = (program: Program, entry: DataEntry): DataEntry | undefined => {
  const providers = program.resources.filter((one) => isAwsProvider(one));
  const names = providerNames(entry);
  return names.length > 0
    ? providers.find(({ key }) => names.includes(key))
    : providers.find(({ value }) => textAt(value, 'defaultProvider') === 'true');
};

export const locate = (program: Program, entry: DataEntry, stack: Stack | undefined): Located => {
  const own = at(entry.value, 'properties', 'region');
  if (own !== undefined) {
    return located(own, program, stack);
  }
  const provider = providerOf(program, entry);
  if (provider === undefined) {
    const [name] = providerNames(entry);
    return name === undefined
      ? ofStack(stack)
      : { region: undefined, expression: `provider ${name} is not in this program`, at: [] };
  }
  const region = at(provider.value, 'properties', 'region');
  return region === undefined ? ofStack(stack) : located(region, program, stack);
};

/** `replicas` of a table or a secret. */
export const replicasIn = (program: Program, entry: DataEntry, stack: Stack | undefined): readonly Located[] => {
  const replicas = at(entry.value, 'properties', 'replicas');
  return (replicas?.kind === 'list' ? replicas.items : []).flatMap((replica) => {
    const region = at(replica, 'regionName') ?? at(replica, 'region');
    return region === undefined ? [] : [located(region, program, stack)];
  });
};

const ORIGINALS: ReadonlySet<string> = new Set([
  'replicateSourceDb',
  'replicationSourceIdentifier',
  'primaryKeyArn',
  'globalTableArn',
  'globalClusterIdentifier',
  'globalReplicationGroupId',
]);

const originalOf = (entry: DataEntry): string | undefined => {
  const found = entriesAt(entry.value, 'properties').find(({ key }) => ORIGINALS.has(key))?.value;
  const text = found?.kind === 'scalar' ? String(found.value) : '';
  return /^\$\{(?<name>[^.[\]{}]+)/u.exec(text)?.groups?.['name'];
};

/** Regions of its original and of the other copies of that. */
export const copyRegions = (program: Program, entry: DataEntry, stack: Stack | undefined): readonly string[] => {
  const original = originalOf(entry) ?? entry.key;
  const members = program.resources.filter((one) => one.key === original || originalOf(one) === original);
  return members.length < 2 ? [] : members.flatMap((one) => locate(program, one, stack).region ?? []);
};
