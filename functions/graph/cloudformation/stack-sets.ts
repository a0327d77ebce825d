/** Stack sets: the Regions in which their instances are, each a copy of the others. */
import { isRegion } from '../region/names.ts';
import { itemsAt } from '../syntax/data.ts';
import { type Context, place } from '../repository/context.ts';
import { deadReason } from '../repository/dead.ts';
import { namesIn, type Resource } from './copies.ts';
import { instancesIn, isDeployScript } from './deploy-scripts.ts';
import { valueOf } from './template.ts';

export const isStackSet = ({ type }: Resource): boolean => type === 'AWS::CloudFormation::StackSet';

/** False where its Regions can't be known: then it is like any other resource. */
export const emitStackSet = (context: Context, resource: Resource): boolean => {
  const { stack, entry, component, id } = resource;
  const named = itemsAt(entry.value, 'Properties', 'StackInstancesGroup').flatMap((group) =>
    itemsAt(group, 'Regions').map((item) => ({ region: valueOf(item, namesIn(resource)), line: item.line })),
  );
  const regions = named.flatMap(({ region }) => (region !== undefined && isRegion(region) ? [region] : []));
  if (regions.length === 0 || regions.length < named.length) {
    return false;
  }
  for (const { region, line } of named) {
    const at = [{ path: stack.template.path, line }];
    const tie = { region, tie: 'runtime', level: 'declared', at, alternates: regions } as const;
    context.facts(stack.template.path).tie({ ...tie, from: component, via: id });
    context.facts(stack.template.path).tie({ ...tie, from: id });
    place(context, component, region);
  }
  return true;
};

/** `aws cloudformation create-stack-instances --regions a b`: nobody but the command says where they are. */
export const emitInstances = (context: Context): void => {
  for (const { path, text } of context.input.files.filter((file) => isDeployScript(file.path))) {
    const instances = deadReason(path) === undefined ? instancesIn(text) : [];
    const component = context.owners.of(path);
    for (const { region, line } of instances) {
      const alternates = instances.map((one) => one.region);
      const tie = { region, tie: 'runtime', level: 'declared', at: [{ line }], alternates } as const;
      context.facts(path).tie({ ...tie, from: component });
      place(context, component, region);
    }
  }
};
