/**
 * `twinmap config`: everything that the other commands need to know of a pair, as one file for a break-glass stick: from a running
 * local pair, or from `pulumi stack output --json` of both stacks. It holds names and addresses, and no secret.
 */
import { readFile, writeFile } from 'node:fs/promises';

import { z } from 'zod';

import { ConfigError } from '../functions/domain/errors.ts';
import { type Command, type CommandInput, EXIT, UsageError } from './command.ts';
import { type PairFile, pairFileSchema, readPairFile } from './pair-stores.ts';
import { placeOf } from './failover/open-access.ts';
import { PAIR_OPTIONS } from './status.ts';
import { textOption } from './store-writes.ts';

/** The outputs of one stack, as `infra/index.ts` names them. */
const outputsSchema = z.object({
  role: z.enum(['primary', 'secondary']),
  region: z.string(),
  endpoint: z.url(),
  tableNames: z.object({ workspaces: z.string(), audit: z.string(), graph: z.string() }),
  vectorBucket: z.string(),
  vectorIndex: z.string(),
  gateApplication: z.string(),
  gateEnvironment: z.string(),
  gateProfile: z.string(),
  gateStrategy: z.string(),
  dispatchFunction: z.string(),
  syncFunction: z.string(),
  apiFunction: z.string(),
  drainFunction: z.string(),
  repairFunction: z.string(),
  proofFunction: z.string(),
  auditFunction: z.string(),
});

const readOutputs = async (file: string): Promise<unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${file} can't be read as JSON; write it with: pulumi stack output --json --stack <stack>`, {
      cause: error,
    });
  }
  const parsed = outputsSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(
      `${file} has no output ${issue?.path.join('.') ?? ''} (${issue?.message ?? ''}); deploy the stack again, or see whether it is the right file`,
    );
  }
  const { role, region, endpoint, tableNames, vectorBucket, vectorIndex, ...outputs } = parsed.data;
  return {
    role,
    region,
    endpoint,
    stores: { ...tableNames, bucket: vectorBucket, index: vectorIndex },
    gate: {
      application: outputs.gateApplication,
      environment: outputs.gateEnvironment,
      profile: outputs.gateProfile,
      strategy: outputs.gateStrategy,
    },
    functions: {
      dispatch: outputs.dispatchFunction,
      sync: outputs.syncFunction,
      api: outputs.apiFunction,
      drain: outputs.drainFunction,
      repair: outputs.repairFunction,
      proof: outputs.proofFunction,
      audit: outputs.auditFunction,
    },
  };
};

const readPair = async (input: CommandInput): Promise<PairFile> => {
  const files = ['primary', 'secondary'].map((name) => textOption(input, name)).filter((file) => file !== undefined);
  if (files.length === 0) {
    return readPairFile(placeOf(input));
  }
  if (files.length === 1) {
    throw new UsageError('give the outputs of both stacks: --primary <file> --secondary <file>');
  }
  const regions = await Promise.all(files.map(async (file) => readOutputs(file)));
  const parsed = pairFileSchema.safeParse({ regions });
  if (!parsed.success) {
    throw new ConfigError(`these outputs make no pair: ${parsed.error.issues[0]?.message ?? ''}`);
  }
  return parsed.data;
};

export const config: Command = {
  name: 'config',
  arguments: [],
  help: 'write the break-glass config: names, ids and endpoints of both Regions, for --stores',
  options: [
    { flags: '--primary <file>', help: 'pulumi stack output --json of the primary stack' },
    { flags: '--secondary <file>', help: 'pulumi stack output --json of the secondary stack' },
    { flags: '--out <file>', help: 'write it there; without it, it is printed' },
    ...PAIR_OPTIONS,
  ],
  run: async (input) => {
    const pair = await readPair(input);
    const out = textOption(input, 'out');
    const text = `${JSON.stringify(pair, null, 2)}\n`;
    if (out === undefined) {
      input.say(text.trimEnd());
    } else {
      await writeFile(out, text, { mode: 0o600 });
      input.say(`${out} is written. Try it: npx twinmap status --stores ${out}`);
    }
    input.give({ file: out ?? null, config: pair });
    return EXIT.done;
  },
};
