/** Definitions from a terminal: whoever writes to the stores may name any secret, and the definition says so where it has to. */
import { beforeEach, describe, expect, it } from 'vitest';

import {
  definitionKey,
  parseDefinitionPayload,
  type SourceDefinition,
} from '../../functions/domain/source-definition.ts';
import { writeDefinition, writeMissing } from '../../ops/source-writes.ts';
import { ApiStage } from '../functions/query/api-stage.ts';

const WRITER = { by: 'operator:ada', at: 1 };

const pagerOf = (token: string, workspace?: string): SourceDefinition => ({
  id: 'pager',
  kind: 'pagerduty',
  name: 'Pager',
  config: { token },
  enabled: true,
  ...(workspace === undefined ? {} : { workspace }),
});

let stage = new ApiStage();

const secretsBy = async (): Promise<unknown> => {
  const read = await stage.home.tables.workspaces.get(definitionKey('pager'));
  return read.kind === 'done' ? parseDefinitionPayload(read.value?.data ?? '')?.secretsBy : undefined;
};

beforeEach(() => {
  stage = new ApiStage();
});

describe('a definition that is written to the stores', () => {
  it.each([
    ["the workspace's own secret", 'secretsmanager:twinmap/bank/pager', 'bank', undefined],
    ["another workspace's secret", 'secretsmanager:twinmap/shop/pager', 'bank', 'organisation'],
    ['a secret of the organisation', 'secretsmanager:twinmap/pager', undefined, 'organisation'],
    ['a variable of a local run', 'env:PAGER', 'bank', 'organisation'],
  ])('with %s', async (_whose, token, workspace, expected) => {
    await writeDefinition(stage, pagerOf(token, workspace), WRITER);
    expect(await secretsBy()).toBe(expected);
  });

  it('is not written again where it is stored so already', async () => {
    const pair = { writes: stage.writes, regions: { home: stage.home, peer: stage.peer } };
    const definitions = [pagerOf('secretsmanager:twinmap/pager', 'bank')];
    expect(await writeMissing(pair, definitions, WRITER)).toStrictEqual({ written: ['pager'], refused: [] });
    expect(await writeMissing(pair, definitions, WRITER)).toStrictEqual({ written: [], refused: [] });
  });
});
