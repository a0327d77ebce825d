/** Compose files: images and settings of services; and Dockerfiles: what an image is built from and runs with. */
import type { Context, RepositoryFile } from '../repository/context.ts';
import { emitLiterals, regionOfSetting } from '../repository/emit-literals.ts';
import { entriesAt, type Data, settingsOf } from '../syntax/data.ts';
import { aliasId } from '../facts/vocabulary.ts';
import { emitHosts } from './hosts.ts';

const ASSIGNMENT = /^(?<key>[A-Za-z_][\w.]*)=(?<value>.*)$/u;

/** `AWS_REGION=us-east-1` in a list and `AWS_REGION: us-east-1` in a map are the same. */
export const emitCompose = (context: Context, path: string, data: Data): void => {
  const facts = context.facts(path);
  for (const service of entriesAt(data, 'services')) {
    const named = context.owners.named(service.key);
    const component = context.owners.isDeclared(named) ? named : context.owners.of(path);
    for (const { key, value, line } of settingsOf(service.value)) {
      const assigned = ASSIGNMENT.exec(value)?.groups;
      const region = regionOfSetting(assigned?.['key'] ?? key, assigned?.['value'] ?? value);
      if (region !== undefined) {
        facts.tie({ from: component, region, tie: 'runtime', level: 'literal', at: [{ line }] });
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
    }
    // What an image is made of is needed to build it; what it is told by ENV, to run.
    emitLiterals(context, facts, content, at.line, { component, tie: key === '' ? 'deploy' : 'runtime' });
  });
};
