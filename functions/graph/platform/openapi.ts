/** OpenAPI and AsyncAPI descriptions: an api, who provides it, and the hosts at which it is reached. */
import { aliasId, apiId } from '../facts/vocabulary.ts';
import type { Context } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';
import { at, type Data, entriesAt, itemsAt, settingsOf, textAt } from '../syntax/data.ts';
import { hostsIn } from './hosts.ts';

export const isOpenApi = (data: Data): boolean =>
  at(data, 'info') !== undefined && ['openapi', 'swagger', 'asyncapi'].some((key) => textAt(data, key) !== undefined);

const slug = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '');

/** Servers of the third version, with their variables' defaults; the host of the second; the map that AsyncAPI has. */
const serversOf = (data: Data): readonly { readonly host: string; readonly line: number }[] => {
  const listed = [...itemsAt(data, 'servers'), ...entriesAt(data, 'servers').map(({ value }) => value)];
  const servers = listed.flatMap((server) => {
    const url = (textAt(server, 'url') ?? textAt(server, 'host') ?? '').replaceAll(
      /\{(?<name>[\w-]+)\}/gu,
      (whole, name: string) => textAt(server, 'variables', name, 'default') ?? whole,
    );
    return hostsIn(url.includes('://') ? url : `https://${url}`).map((host) => ({ host, line: server.line }));
  });
  const old = at(data, 'host');
  const host = old?.kind === 'scalar' && old.value !== null ? `https://${String(old.value)}` : '';
  return [...servers, ...hostsIn(host).map((one) => ({ host: one, line: old?.line ?? data.line }))];
};

export const emitOpenApi = (context: Context, path: string, data: Data): void => {
  const facts = context.facts(path);
  const component = context.owners.of(path);
  const title = textAt(data, 'info', 'title') ?? path;
  const id = apiId(slug(title));
  facts.node({
    id,
    name: title,
    attributes: {
      type: textAt(data, 'asyncapi') === undefined ? 'openapi' : 'asyncapi',
      version: textAt(data, 'info', 'version'),
    },
    at: { line: data.line },
  });
  facts.edge(id, 'providedBy', component, 'declared', [{ line: data.line }]);
  for (const { host, line } of serversOf(data)) {
    facts.edge(aliasId('host', host), 'names', component, 'declared', [{ line }]);
  }
  const told = settingsOf(data).filter(
    ({ key }) => !/^(?:examples?|default|description|summary|enum|pattern)$/iu.test(key),
  );
  for (const { value, line } of told) {
    emitLiterals(context, facts, value, line, { component });
  }
};
