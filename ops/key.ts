/**
 * `twinmap key create | list | revoke`: API keys, written straight to the stores with the credentials of whoever runs it. The
 * way to the first key, and the way back in when the last one is lost.
 */
import { randomBytes } from 'node:crypto';

import { makeKey, revokeKey } from '../functions/access/keys.ts';
import { ACCESS_ROLES } from '../functions/domain/access.ts';
import {
  type Grant,
  grantProblem,
  isKeyId,
  keyRecordKey,
  type KeyPayload,
  KEYS_PARTITION,
  parseKeyPayload,
} from '../functions/domain/api-key.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { LIMITS } from '../functions/domain/limits.ts';
import {
  keyDaysSchema,
  keyNameSchema,
  keyRolesSchema,
  keySourcesSchema,
  keyWorkspacesSchema,
} from '../functions/query/key-fields.ts';
import { readPartition } from '../functions/query/read-partition.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import { actor, notHeld, openFor, PLACE_OPTIONS, record, tellReplication, textOption } from './store-writes.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Everything of a key but its hash. */
const shownKey = (id: string, { hash: _hash, ...shown }: KeyPayload): object => ({ id, ...shown });

const listOf = (text: string): string[] => text.split(',').map((one) => one.trim());

interface Wanted extends Grant {
  readonly name: string;
  readonly lifetimeMs: number;
}

/** `90d`; what is no number of days is none that a key may have. */
const daysIn = (text = `${LIMITS.keyLifetimeDaysDefault}d`): number =>
  Number(/^(?<days>\d{1,4})d$/u.exec(text)?.groups?.['days']);

/** A key for workspaces reads what is in them; `all` is only what nobody said. */
const scopeOf = ({ roles, sources, workspaces }: Grant): Grant =>
  workspaces === undefined ? { roles, sources } : { roles, sources: sources === 'all' ? [] : sources, workspaces };

/** Every mistake in one sentence, before anything is opened. */
const readWanted = (input: CommandInput): Wanted => {
  const roles = keyRolesSchema.safeParse(listOf(textOption(input, 'role') ?? ''));
  const name = keyNameSchema.safeParse(textOption(input, 'name'));
  const spaces = textOption(input, 'workspaces');
  const workspaces = keyWorkspacesSchema.optional().safeParse(spaces === undefined ? spaces : listOf(spaces));
  const asked = textOption(input, 'sources') ?? 'all';
  const sources = keySourcesSchema.safeParse(asked === 'all' ? asked : listOf(asked));
  const days = keyDaysSchema.safeParse(daysIn(textOption(input, 'expires')));
  if (!roles.success || !name.success || !sources.success || !days.success || !workspaces.success) {
    const wrong = [
      ...(roles.success ? [] : [`--role takes ${ACCESS_ROLES.join(', ')}, or several with commas`]),
      ...(name.success ? [] : ['--name takes one line that says whose key it is']),
      ...(sources.success ? [] : [`--sources takes all, or at most ${LIMITS.keySourcesMax} ids with commas`]),
      ...(workspaces.success ? [] : ['--workspaces takes ids of workspaces, with commas']),
      ...(days.success ? [] : [`--expires takes days up to ${LIMITS.keyLifetimeDaysMax}, for instance 90d`]),
    ];
    throw new ConfigError(wrong.join('; '));
  }
  const scope = scopeOf({ roles: roles.data, sources: sources.data, workspaces: workspaces.data });
  const trouble = grantProblem(scope);
  if (trouble !== undefined) {
    throw new ConfigError(`${trouble}; see --sources, --workspaces and --role`);
  }
  return { name: name.data, ...scope, lifetimeMs: days.data * DAY_MS };
};

export const keyCreate: Command = {
  name: 'key create',
  arguments: [],
  help: 'make an API key, and show its token once',
  options: [
    { flags: '--role <roles>', help: `${ACCESS_ROLES.join(', ')}; several with commas` },
    { flags: '--name <name>', help: 'whose key it is' },
    { flags: '--sources <ids>', help: 'only these sources, with commas', fallback: 'all' },
    {
      flags: '--workspaces <ids>',
      help: 'only in these workspaces, with commas: reads their sources, whichever they are',
    },
    { flags: '--expires <days>', help: 'for how long', fallback: `${LIMITS.keyLifetimeDaysDefault}d` },
    ...PLACE_OPTIONS,
  ],
  run: async (input) => {
    const wanted = readWanted(input);
    const pair = await openFor(input);
    const made = await makeKey(
      { writes: pair.writes, now: () => Date.now(), randomBytes: (count) => randomBytes(count) },
      { ...wanted, createdBy: actor() },
    );
    const { id, payload, token, outcome } = made;
    if (outcome.kind !== 'held') {
      return notHeld(input, outcome);
    }
    const sources = payload.sources === 'all' ? 'all' : payload.sources.join(',');
    const workspaces = payload.workspaces?.join(',');
    const scope = workspaces === undefined ? `sources ${sources}` : `in ${workspaces}`;
    const details = {
      name: payload.name,
      roles: payload.roles.join(','),
      sources,
      ...(workspaces === undefined ? {} : { workspaces }),
    };
    await record(pair, input, { action: 'key.created', target: `key:${id}`, details });
    const { name, roles, expiresAt } = payload;
    input.say(token);
    input.say(
      `${name}: ${roles.join(', ')}, ${scope}, until ${new Date(expiresAt).toISOString()}. It is shown only now.`,
    );
    tellReplication(input, outcome);
    input.give({
      id,
      token,
      name,
      roles,
      sources: payload.sources,
      ...(payload.workspaces === undefined ? {} : { workspaces: payload.workspaces }),
      expiresAt,
      replication: outcome.replication,
    });
    return EXIT.done;
  },
};

export const keyList: Command = {
  name: 'key list',
  arguments: [],
  help: 'list the API keys that are not revoked',
  options: PLACE_OPTIONS,
  run: async (input) => {
    const { regions } = await openFor(input);
    const read = await readPartition(regions.home.tables.workspaces, KEYS_PARTITION, {
      recordsMax: LIMITS.keysListedMax,
    });
    if (read.kind === 'failed') {
      input.say(`${regions.home.region} can't be read: ${read.failure.message}`);
      input.give({ error: read.failure.message });
      return EXIT.unreachable;
    }
    const keys = read.value.records.flatMap(({ sk, data }) => {
      const payload = parseKeyPayload(data);
      return payload === undefined ? [] : [{ id: sk, payload }];
    });
    for (const { id, payload } of keys) {
      const own = payload.sources === 'all' ? 'all sources' : payload.sources.join(',');
      const sources = payload.workspaces === undefined ? own : `in ${payload.workspaces.join(',')}`;
      const until = new Date(payload.expiresAt).toISOString();
      input.say(`${id}  ${payload.roles.join(',')}  ${sources}  until ${until}  ${payload.name}`);
    }
    input.give({ keys: keys.map(({ id, payload }) => shownKey(id, payload)) });
    return EXIT.done;
  },
};

export const keyRevoke: Command = {
  name: 'key revoke',
  arguments: [{ name: 'id', help: 'the 16 characters after twm_' }],
  help: 'revoke an API key in both Regions',
  options: PLACE_OPTIONS,
  run: async (input) => {
    const id = input.words[0] ?? '';
    if (!isKeyId(id)) {
      throw new ConfigError('key revoke takes the id of a key: the 16 characters after twm_, see: twinmap key list');
    }
    const pair = await openFor(input);
    const read = await pair.regions.home.tables.workspaces.get(keyRecordKey(id));
    if (read.kind === 'done' && read.value === undefined) {
      throw new ConfigError(`there is no key ${id}; see: twinmap key list`);
    }
    const outcome = await revokeKey(pair.writes, id);
    if (outcome.kind !== 'held') {
      return notHeld(input, outcome);
    }
    await record(pair, input, { action: 'key.revoked', target: `key:${id}` });
    input.say(`${id} is revoked; it opens nothing after ${LIMITS.keyKeptMs / 1000} s.`);
    tellReplication(input, outcome);
    input.give({ id, revoked: true, replication: outcome.replication });
    return EXIT.done;
  },
};
