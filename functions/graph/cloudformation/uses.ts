/** What the resources of a template say of others: references, imports, and the names and Regions that stand in their texts. */
import { resourceId } from '../facts/vocabulary.ts';
import type { FactsBuilder } from '../facts/builder.ts';
import { withoutRegion } from '../region/names.ts';
import { type Context, give } from '../repository/context.ts';
import { emitLiterals, regionOfSetting } from '../repository/emit-literals.ts';
import { at, entriesAt, textAt } from '../syntax/data.ts';
import { namesIn, type Resource, type Stack } from './copies.ts';
import { usesIn } from './template.ts';

const SSM_TYPE = /^AWS::SSM::Parameter::Value/u;

/** What a resource refers to: others of its template, exports, parameters of the account, and names in its texts. */
export const emitUses = (context: Context, resource: Resource, known: ReadonlySet<string>): void => {
  const facts = context.facts(resource.stack.template.path);
  const { stack, entry, component } = resource;
  const names = namesIn(resource);
  for (const use of usesIn(at(entry.value, 'Properties') ?? entry.value, names)) {
    if (use.kind === 'import' && use.name !== '' && !use.name.includes('${')) {
      facts.uses(component, 'export', use.name, undefined, {
        tie: 'runtime',
        level: 'declared',
        at: [{ line: use.line }],
        expression: `ImportValue ${use.name}`,
      });
    } else if (use.kind === 'resource' && known.has(use.id)) {
      facts.edge(
        resource.id,
        'dependsOn',
        resourceId(`${context.input.repository}/${withoutRegion(stack.template.path)}#${use.id}`),
        'declared',
        [{ line: use.line }],
      );
    } else if (use.kind === 'resource') {
      const parameter = at(stack.template.root, 'Parameters', use.id);
      const path = textAt(parameter, 'Default');
      if (path !== undefined && SSM_TYPE.test(textAt(parameter, 'Type') ?? '')) {
        facts.uses(component, 'ssm', path, names.region, {
          tie: 'runtime',
          level: 'declared',
          at: [{ line: use.line }],
        });
      }
    } else if (use.kind === 'text') {
      emitText(context, facts, resource, use);
    }
  }
};

const DYNAMIC = /\{\{resolve:(?<service>ssm|ssm-secure|secretsmanager):(?<name>[^:}]+)/u;

const emitText = (
  context: Context,
  facts: FactsBuilder,
  resource: Resource,
  use: { key: string; text: string; line: number },
): void => {
  const { component, stack, word } = resource;
  emitLiterals(context, facts, use.text, use.line, { component, isEdge: word.startsWith('aws_cloudfront_') });
  const zone = regionOfSetting(use.key, use.text);
  if (zone !== undefined) {
    give(context, component, use.key);
  }
  if (
    zone !== undefined &&
    zone !== stack.place?.region &&
    !['Replicas', 'ReplicaRegions'].includes(use.key) &&
    use.key !== 'Region'
  ) {
    facts.tie({
      from: component,
      region: zone,
      tie: 'runtime',
      level: 'literal',
      at: [{ line: use.line }],
      via: resource.id,
    });
  }
  const { service, name } = DYNAMIC.exec(use.text)?.groups ?? {};
  if (service !== undefined && name !== undefined) {
    facts.uses(component, service.replace('-secure', ''), name, stack.place?.region, {
      tie: 'runtime',
      level: 'declared',
      at: [{ line: use.line }],
    });
  }
};

/** What SAM gives to each function of a template. */
export const emitGlobals = (context: Context, stack: Stack): void => {
  const { path, root } = stack.template;
  const facts = context.facts(path);
  for (const entry of entriesAt(root, 'Globals')) {
    const component = context.owners.of(path);
    const id = resourceId(`${context.input.repository}/${withoutRegion(path)}#Globals`);
    const resource: Resource = { stack, entry, id, type: '', word: '', component };
    for (const use of usesIn(entry.value, namesIn(resource))) {
      if (use.kind === 'text') {
        emitText(context, facts, resource, use);
      }
    }
  }
};
