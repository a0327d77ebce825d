/** Settings of the Serverless Framework: where its functions run, and which lines were decided by that. */
import { serverlessPlaces } from '../cloudformation/serverless.ts';
import { withoutRegion } from '../region/names.ts';
import { type Context, place } from '../repository/context.ts';
import { at, type Data, settingsOf } from '../syntax/data.ts';

/** Values of its own variables: only what `provider.region` takes of them counts. */
export const serverlessLines = (data: Data): readonly number[] =>
  [at(data, 'provider', 'region'), at(data, 'custom'), at(data, 'params')].flatMap((part) =>
    part === undefined ? [] : settingsOf(part).map(({ line }) => line),
  );

export const emitServerless = (context: Context, path: string, data: Data): void => {
  const from = context.owners.of(path);
  const { regions, unknown } = serverlessPlaces(data);
  const all = regions.map(({ region }) => region);
  const facts = context.facts(path);
  for (const { region, environment, line } of regions) {
    const isShared = environment === undefined || withoutRegion(environment) !== environment;
    facts.tie({
      from,
      region,
      tie: 'runtime',
      level: 'declared',
      at: [{ line }],
      ...(environment === undefined ? {} : { environment: withoutRegion(environment) }),
      ...(isShared ? { alternates: all } : {}),
    });
    place(context, from, region);
  }
  if (unknown !== undefined) {
    const { expression, line, hint } = unknown;
    facts.tie({
      from,
      region: undefined,
      tie: 'runtime',
      level: 'declared',
      at: [{ line }],
      expression,
      ...(hint === undefined ? {} : { hint }),
    });
  }
};
