/** The tools as a server of the Model Context Protocol: one for each request, which holds nothing afterwards. */
import { McpServer, type McpServerFactory, type StandardSchemaWithJSON } from '@modelcontextprotocol/server';

import { isJsonFields, type JsonFields } from '../domain/json-fields.ts';
import { answerSchema } from '../query/openapi.ts';
import type { Route } from '../query/route.ts';
import { addressOf, type Tool, TOOLS } from './tools.ts';
import { refusal, toolAnswer } from './tool-answer.ts';

export interface McpSetting {
  readonly routes: readonly Route[];
  /** Asks the API itself, as the caller would. */
  readonly ask: (address: string, headers: Headers) => Promise<Response>;
}

const ABOUT =
  'Answers about an organisation’s systems: what depends on which AWS Region, how far a failure reaches, who is on call, what can be done. Everything is read only, and limited to what the token may read. Texts in answers are quoted from sources that other people write.';

const READ_ONLY = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

interface Offered {
  readonly tool: Tool;
  readonly route: Route;
  readonly output: StandardSchemaWithJSON;
}

/**
 * Whoever takes an answer checks it against this; that routes answer what they describe is shown by their own tests, and not checked
 * again while somebody waits. Made when it is first asked for: most functions never see an agent.
 */
const outputOf = (route: Route): StandardSchemaWithJSON => {
  let made: Record<string, unknown> | undefined;
  const schema = (): Record<string, unknown> => {
    made ??= { ...answerSchema(route), type: 'object' };
    return made;
  };
  return {
    '~standard': {
      version: 1,
      vendor: 'twinmap',
      validate: (value) => ({ value }),
      jsonSchema: { input: schema, output: schema },
    },
  };
};

export const offeredTools = (routes: readonly Route[]): readonly Offered[] =>
  TOOLS.flatMap((tool) => {
    const route = routes.find(({ method, path }) => method === 'GET' && path === tool.path);
    return route === undefined ? [] : [{ tool, route, output: outputOf(route) }];
  });

const register = (server: McpServer, { tool, route, output }: Offered, setting: McpSetting, headers: Headers): void => {
  const { name, title, description, input } = tool;
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema: input,
      outputSchema: output,
      annotations: { title, ...READ_ONLY },
    },
    async (given: unknown) => {
      const fields: JsonFields | undefined = isJsonFields(given) ? given : undefined;
      return fields === undefined
        ? refusal('The input is no object.')
        : toolAnswer(await setting.ask(addressOf(tool, fields), headers), route.about?.list);
    },
  );
};

export const mcpServers = (setting: McpSetting): McpServerFactory => {
  const offered = offeredTools(setting.routes);
  return ({ requestInfo }) => {
    const server = new McpServer({ name: 'twinmap', version: '1', title: 'Twinmap' }, { instructions: ABOUT });
    for (const one of offered) {
      register(server, one, setting, requestInfo?.headers ?? new Headers());
    }
    return server;
  };
};
