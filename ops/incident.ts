/**
 * The questions of an incident: `twinmap incident | dependents | blast-radius | oncall | workaround`. Asked of either Region, which
 * answers from its own stores; no model and no other Region takes part.
 */
import type { z } from 'zod';

import { API_OPTIONS, callApi } from './api-call.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import {
  dependentsLines,
  dependentsSchema,
  incidentLines,
  incidentSchema,
  onCallLines,
  onCallSchema,
  radiusLines,
  radiusSchema,
  workaroundLines,
  workaroundsSchema,
} from './incident-lines.ts';

interface Question<T> {
  readonly path: (name: string) => string;
  readonly schema: z.ZodType<T>;
  /** How it is asked, for whoever left the name out. */
  readonly example: string;
  readonly lines: (answer: T, now: number) => readonly string[];
}

const answering =
  <T>({ path, schema, lines, example }: Question<T>) =>
  async (input: CommandInput): Promise<number> => {
    const { words, say, give } = input;
    const [name = ''] = words;
    if (name.trim() === '') {
      const error = `a name is missing, as in: twinmap ${example}`;
      say(error);
      give({ error });
      return EXIT.usage;
    }
    const called = await callApi(input, { method: 'GET', path: path(name) });
    if (called.kind === 'ended') {
      return called.exit;
    }
    const parsed = schema.safeParse(called.fields);
    if (!parsed.success) {
      const error = `${called.region} gave an answer that this version does not know; use the command of its own version`;
      say(error);
      give({ error });
      return EXIT.error;
    }
    for (const line of lines(parsed.data, Date.now())) {
      say(line);
    }
    give(called.fields);
    return EXIT.done;
  };

const REGION = {
  name: 'region',
  help: 'the code of an AWS Region, for instance us-east-1; one that nobody knows is refused',
};
const COMPONENT = { name: 'component', help: 'the name of a component' };

export const incident: Command = {
  name: 'incident',
  arguments: [REGION],
  help: 'what happens when a Region fails: each component, its impact and proof, whom to page, what to read',
  options: API_OPTIONS,
  run: answering({
    path: (name) => `/v1/incidents/region/${encodeURIComponent(name)}`,
    schema: incidentSchema,
    lines: incidentLines,
    example: 'incident us-east-1',
  }),
};

export const dependents: Command = {
  name: 'dependents',
  arguments: [REGION],
  help: 'which components depend on a Region',
  options: API_OPTIONS,
  run: answering({
    path: (name) => `/v1/regions/${encodeURIComponent(name)}/dependents`,
    schema: dependentsSchema,
    lines: dependentsLines,
    example: 'dependents us-east-1',
  }),
};

export const blastRadius: Command = {
  name: 'blast-radius',
  arguments: [COMPONENT],
  help: 'what fails when a component does',
  options: API_OPTIONS,
  run: answering({
    path: (name) => `/v1/components/${encodeURIComponent(name)}/blast-radius`,
    schema: radiusSchema,
    lines: radiusLines,
    example: 'blast-radius orders',
  }),
};

export const onCall: Command = {
  name: 'oncall',
  arguments: [COMPONENT],
  help: 'whose a component is, and who is paged',
  options: API_OPTIONS,
  run: answering({
    path: (name) => `/v1/components/${encodeURIComponent(name)}/on-call`,
    schema: onCallSchema,
    lines: onCallLines,
    example: 'oncall orders',
  }),
};

export const workaround: Command = {
  name: 'workaround',
  arguments: [COMPONENT],
  help: 'runbooks, decision records and other places for a component',
  options: API_OPTIONS,
  run: answering({
    path: (name) => `/v1/components/${encodeURIComponent(name)}/workarounds`,
    schema: workaroundsSchema,
    lines: workaroundLines,
    example: 'workaround orders',
  }),
};
