/** `twinmap workspace create | list | member | delete`: over the API, which checks, records and replicates. */
import { z } from 'zod';

import { WORKSPACE_ROLES } from '../functions/domain/access.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { CHOSEN_VISIBILITIES } from '../functions/domain/workspace.ts';
import { API_OPTIONS, type ApiCall, type ApiFields, callApi } from './api-call.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import { textOption } from './store-writes.ts';

const heldSchema = z.object({ replication: z.enum(['both', 'owed']) });

const run = async (input: CommandInput, call: ApiCall, say: (fields: ApiFields) => void): Promise<number> => {
  const outcome = await callApi(input, call);
  if (outcome.kind === 'ended') {
    return outcome.exit;
  }
  say(outcome.fields);
  if (heldSchema.safeParse(outcome.fields).data?.replication === 'owed') {
    input.say('One Region holds it and owes it to the other, which did not answer.');
  }
  input.give(outcome.fields);
  return EXIT.done;
};

const pathOf = (...parts: readonly string[]): string =>
  ['/v1/workspaces', ...parts.map((part) => encodeURIComponent(part))].join('/');

export const workspaceCreate: Command = {
  name: 'workspace create',
  arguments: [{ name: 'id', help: 'lower-case letters, digits and dashes' }],
  help: 'make a workspace',
  options: [
    { flags: '--name <name>', help: 'what people call it; without it its id' },
    { flags: '--visibility <who>', help: CHOSEN_VISIBILITIES.join(' or '), fallback: 'private' },
    ...API_OPTIONS,
  ],
  run: async (input) => {
    const id = input.words[0] ?? '';
    const name = textOption(input, 'name') ?? id;
    const body = { id, name, visibility: textOption(input, 'visibility') ?? 'private' };
    return run(input, { method: 'POST', path: '/v1/workspaces', body }, () => {
      input.say(`The workspace ${id} is made. Put people into it: npx twinmap workspace member ${id} user:<subject>`);
    });
  },
};

const listSchema = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), visibility: z.string() })),
});

export const workspaceList: Command = {
  name: 'workspace list',
  arguments: [],
  help: 'list the workspaces that the token may see',
  options: API_OPTIONS,
  run: async (input) =>
    run(input, { method: 'GET', path: '/v1/workspaces' }, (fields) => {
      for (const { id, name, visibility } of listSchema.safeParse(fields).data?.items ?? []) {
        input.say(`${id}  ${visibility}  ${name}`);
      }
    }),
};

export const workspaceMember: Command = {
  name: 'workspace member',
  arguments: [
    { name: 'id', help: 'the workspace' },
    { name: 'member', help: 'user:<subject of a token> or group:<a group that a token names>' },
  ],
  help: 'put somebody into a workspace, give them another role in it, or take them out',
  options: [
    { flags: '--role <role>', help: WORKSPACE_ROLES.join(', '), fallback: 'member' },
    { flags: '--remove', help: 'take them out' },
    ...API_OPTIONS,
  ],
  run: async (input) => {
    const [id = '', member = ''] = input.words;
    const path = pathOf(id, 'members', member);
    if (input.options['remove'] === true) {
      return run(input, { method: 'DELETE', path }, () => {
        input.say(`${member} is not in ${id} any more.`);
      });
    }
    const role = textOption(input, 'role') ?? 'member';
    return run(input, { method: 'PUT', path, body: { role } }, () => {
      input.say(`${member} is ${role} in ${id}.`);
    });
  },
};

const deletedSchema = z.object({ sources: z.array(z.string()), members: z.int() });

export const workspaceDelete: Command = {
  name: 'workspace delete',
  arguments: [{ name: 'id', help: 'the workspace' }],
  help: 'delete a workspace with its members and settings, and purge its sources in both Regions',
  options: [{ flags: '--yes', help: 'really; its sources are purged for good' }, ...API_OPTIONS],
  run: async (input) => {
    const id = input.words[0] ?? '';
    if (input.options['yes'] !== true) {
      throw new ConfigError(
        `workspace delete takes ${id} away with its members, its settings and everything that was read of its sources; run it again with --yes`,
      );
    }
    return run(input, { method: 'DELETE', path: pathOf(id) }, (fields) => {
      const { sources = [], members = 0 } = deletedSchema.safeParse(fields).data ?? {};
      const purged = sources.length === 0 ? 'It had no sources.' : `The next cycles purge ${sources.join(', ')}.`;
      input.say(`The workspace ${id} is gone, with ${members} members. ${purged}`);
    });
  },
};
