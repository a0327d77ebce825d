/** Compose files: images and settings of services; and Dockerfiles: what an image is built from and runs with. */
import { type Context, give, place, type RepositoryFile } from '../repository/context.ts';
import { emitLiterals, emitUnresolved, isRegionKey, regionOfSetting } from '../repository/emit-literals.ts';
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

/** What plays AWS on one machine. */
const STAND_IN =
  /(?:^|\/)(?:localstack|localstack-pro|dynamodb-local|elasticmq(?:-native)?|moto(?:server)?|minio)(?:[:@]|$)/u;

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
        (key === 'image' && STAND_IN.test(value)) ||
        (/(?:^|_)(?:AWS_)?ENDPOINT/iu.test(assigned?.['key'] ?? key) && (isLocalEndpoint(given) || isNeighbour(given)))
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
const ENV = /^\s*ENV\s+(?<rest>.*)$/iu;
const ARG = /^\s*ARG\s+(?<key>[A-Za-z_]\w*)=["']?(?<value>[^"'\s]*)/iu;
const PAIRS = /(?<key>[A-Za-z_]\w*)=(?:"(?<quoted>[^"]*)"|(?<plain>[^\s\\]*))/gu;
const OLD_PAIR = /^(?<key>[A-Za-z_]\w*)\s+"?(?<value>[^"\s=]+)"?\s*$/u;
const VARIABLE = /\$\{?(?<name>[A-Za-z_]\w*)\}?/gu;

interface Given {
  readonly key: string;
  readonly value: string;
}

const givenIn = (rest: string): readonly Given[] => {
  const old = OLD_PAIR.exec(rest)?.groups;
  return old === undefined
    ? [...rest.matchAll(PAIRS)].map(({ groups }) => ({
        key: groups?.['key'] ?? '',
        value: groups?.['quoted'] ?? groups?.['plain'] ?? '',
      }))
    : [{ key: old['key'] ?? '', value: old['value'] ?? '' }];
};

export const isDockerfile = (path: string): boolean =>
  /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[\w.-]+)?$|\.[Dd]ockerfile$/u.test(path);

/** `ENV AWS_REGION=$REGION`: whoever builds the image decides; what `ARG` says is a hint. */
const emitGiven = (
  context: Context,
  path: string,
  { key, value }: Given,
  { line, args }: { readonly line: number; readonly args: ReadonlyMap<string, string> },
): void => {
  const facts = context.facts(path);
  const component = context.owners.of(path);
  const region = regionOfSetting(key, value);
  if (region !== undefined) {
    facts.tie({ from: component, region, tie: 'runtime', level: 'literal', at: [{ line }] });
    place(context, component, region);
    give(context, component, key);
  } else if (isRegionKey(key) && value.includes('$')) {
    const hinted = value.replaceAll(VARIABLE, (whole, name: string) =>
      args.has(name) ? `\${${name}:-${args.get(name) ?? ''}}` : whole,
    );
    emitUnresolved(context, facts, component, { expression: `${key}=${hinted}`, value: hinted, line });
  }
};

export const emitDockerfile = (context: Context, { path, text }: RepositoryFile): void => {
  const facts = context.facts(path);
  const component = context.owners.of(path);
  const args = new Map<string, string>();
  let isWithinEnv = false;
  text.split('\n').forEach((raw, index) => {
    const at = { line: index + 1 };
    const isComment = /^\s*#/u.test(raw);
    const content = isComment ? '' : raw;
    const image = FROM.exec(content)?.groups?.['image'];
    if (image !== undefined) {
      facts.edge(component, 'builtFrom', aliasId('image', image.split('@')[0] ?? image), 'declared', [at]);
    }
    const { key, value } = ARG.exec(content)?.groups ?? {};
    args.set(key ?? '', value ?? '');
    const rest = ENV.exec(content)?.groups?.['rest'] ?? (isWithinEnv ? content.trim() : undefined);
    isWithinEnv = isComment ? isWithinEnv : rest !== undefined && /\\\s*$/u.test(rest);
    for (const given of givenIn(rest ?? '')) {
      emitGiven(context, path, given, { line: at.line, args });
    }
    // What an image is made of is needed to build it; what it is told by ENV, to run.
    emitLiterals(context, facts, content, at.line, { component, tie: rest === undefined ? 'deploy' : 'runtime' });
  });
};
