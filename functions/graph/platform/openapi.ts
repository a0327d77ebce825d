/** OpenAPI and AsyncAPI descriptions: an api, who provides it, and the hosts at which it is reached. */
import { aliasId, apiId } from '../facts/vocabulary.ts';
import type { Context } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';
import { at, type Data, itemsAt, settingsOf, textAt } from '../syntax/data.ts';
import { hostsIn } from './hosts.ts';

export const isOpenApi = (data: Data): boolean =>
  at(data, 'info') !== undefined && ['openapi', 'swagger', 'asyncapi'].some((key) => textAt(data, key) !== undefined);

const slug = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '');

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
  for (const server of itemsAt(data, 'servers')) {
    const url = textAt(server, 'url') ?? '';
    for (const host of hostsIn(url)) {
      facts.edge(aliasId('host', host), 'names', component, 'declared', [{ line: server.line }]);
    }
  }
  for (const { value, line } of settingsOf(data)) {
    emitLiterals(context, facts, value, line, { component });
  }
};
