/** Compose files: images and settings of services; and Dockerfiles: what an image is built from and runs with. */
import { type Context, give, place, type RepositoryFile } from '../repository/context.ts';
import { emitLiterals, regionOfSetting } from '../repository/emit-literals.ts';
import { type Data, entriesAt, itemsAt, settingsOf } from '../syntax/data.ts';
import { aliasId } from '../facts/vocabulary.ts';
import { emitHosts, isLocalEndpoint, isNeighbour } from './hosts.ts';

const ASSIGNMENT = /^(?<key>[A-Za-z_][\w.]*)=(?<value>.*)$/u;

/** `depends_on`, of both ways to write it. */
const neighboursOf = (service: Data): readonly { readonly name: string; readonly line: number }[] => [
  ...itemsAt(service, 'depends_on').flatMap((item) =>
    item.kind === 'scalar' ? [{ name: String(item.value), line: item.line }] : [],
  ),
  ...entriesAt(service, 'depends_on').map(({ key, line }) => ({ name: key, line })),
];

/** `AWS_REGION=us-east-1` in a list and `AWS_REGION: us-east-1` in a map are the same. */
export const emitCompose = (context: Context, path: string, data: Data): void => {
  const facts = context.facts(path);
  for (const service of entriesAt(data, 'services')) {
    const named = context.owners.named(service.key);
    const component = context.owners.isDeclared(named) ? named : context.owners.of(path);
    for (const { name, line } of neighboursOf(service.value)) {
      const other = context.owners.named(name);
      if (context.owners.isDeclared(other) && other !== component) {
        facts.edge(component, 'dependsOn', other, 'declared', [{ line }]);
      }
    }
    const settings = settingsOf(service.value);
    // Whoever talks to a stand-in of AWS beside it is told a Region that means nothing.
    const isLocal = settings.some(({ key, value }) => {
      const assigned = ASSIGNMENT.exec(value)?.groups;
      const given = assigned?.['value'] ?? value;
      return (
        /(?:^|_)(?:AWS_)?ENDPOINT/iu.test(assigned?.['key'] ?? key) && (isLocalEndpoint(given) || isNeighbour(given))
      );
    });
    for (const { key, value, line } of settings) {
      const assigned = ASSIGNMENT.exec(value)?.groups;
      const region = regionOfSetting(assigned?.['key'] ?? key, assigned?.['value'] ?? value);
      if (region !== undefined && !isLocal) {
        facts.tie({ from: component, region, tie: 'runtime', level: 'literal', at: [{ line }] });
        place(context, component, region);
        give(context, component, assigned?.['key'] ?? key);
      }
      emitLiterals(context, facts, value, line, { component });
      emitHosts(facts, component, value, line);
    }
  }
};

const FROM = /^\s*FROM\s+(?:--platform=\S+\s+)?(?<image>\S+)/iu;
const ENV = /^\s*ENV\s+(?<key>[A-Za-z_]\w*)[=\s]\s*"?(?<value>[^"\s]*)"?/u;

export const isDockerfile = (path: string): boolean =>
  /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[\w.-]+)?$|\.[Dd]ockerfile$/u.test(path);

export const emitDockerfile = (context: Context, { path, text }: RepositoryFile): void => {
  const facts = context.facts(path);
  const component = context.owners.of(path);
  text.split('\n').forEach((raw, index) => {
    const at = { line: index + 1 };
    const content = /^\s*#/u.test(raw) ? '' : raw;
    const image = FROM.exec(content)?.groups?.['image'];
    if (image !== undefined) {
      facts.edge(component, 'builtFrom', aliasId('image', image.split('@')[0] ?? image), 'declared', [at]);
    }
    const { key = '', value = '' } = ENV.exec(content)?.groups ?? {};
    const region = regionOfSetting(key, value);
    if (region !== undefined) {
      facts.tie({ from: component, region, tie: 'runtime', level: 'literal', at: [at] });
      place(context, component, region);
      give(context, component, key);
    }
    // What an image is made of is needed to build it; what it is told by ENV, to run.
    emitLiterals(context, facts, content, at.line, { component, tie: key === '' ? 'deploy' : 'runtime' });
  });
};
