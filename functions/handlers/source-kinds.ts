/**
 * Judges the configuration of a source before it is stored. The connectors come with it, which is much code for a function that
 * answers people: they are loaded when somebody adds a source, and not before.
 */
import type { JsonFields } from '../domain/json-fields.ts';
import { ConfigError } from '../domain/errors.ts';
import { isLocalKind, kindNamesOf } from '../domain/source-kinds.ts';
import type { SourceKinds } from '../query/route.ts';

const LOCAL_SECRET = /"env:/u;

/** What only a local run can read; it would be stored, and fail in every cycle. */
const localOnly = (kind: string, config: JsonFields): string | undefined => {
  if (isLocalKind(kind)) {
    return 'The kind files reads a folder of this machine, which only a local run does.';
  }
  return LOCAL_SECRET.test(JSON.stringify(config))
    ? 'A secret "env:NAME" is one of a local run; in a Region it is "secretsmanager:NAME".'
    : undefined;
};

export const sourceKinds = (isLocalRun: boolean): SourceKinds => ({
  names: kindNamesOf(isLocalRun),
  problemOf: async (kind, config) => {
    const { configProblem, kindNamed } = await import('../connectors/registry.ts');
    try {
      const trouble = configProblem(kindNamed(kind), config);
      return trouble ?? (isLocalRun ? undefined : localOnly(kind, config));
    } catch (error) {
      if (error instanceof ConfigError) {
        return error.message;
      }
      throw error;
    }
  },
});
