/** Secrets are judged once more where they are read: what is stored may be older than the rule, or written past the API. */
import { tmpdir } from 'node:os';

import { describe, expect, it } from 'vitest';

import { openSecret, type SecretSource } from '../../../functions/connectors/secrets.ts';
import { NO_EXTRACTOR } from '../../../functions/connectors/text/extractor.ts';
import type { SourceDefinition } from '../../../functions/domain/source-definition.ts';
import { openConnector } from '../../../functions/handlers/open-connector.ts';
import { SILENT } from '../../support/memory-pair.ts';

const FOREIGN = 'secretsmanager:twinmap/payroll/pager';

/** Which secrets were read when the source was asked whether it can be read. */
const readBy = async (token: string, more: Partial<SourceDefinition> = {}): Promise<readonly string[]> => {
  const read: string[] = [];
  const secrets: SecretSource = {
    read: async (reference) => {
      read.push(reference);
      return openSecret(reference, 'hunter2');
    },
  };
  const source: SourceDefinition = {
    id: 'pager',
    kind: 'pagerduty',
    name: 'pager',
    config: { url: 'http://127.0.0.1:9', token },
    enabled: true,
    ...more,
  };
  const connector = openConnector(source, {
    environment: { TWINMAP_LOCAL_RUN: '1' },
    telemetry: SILENT,
    directory: tmpdir(),
    secrets,
    extractor: NO_EXTRACTOR,
    now: () => 1,
    random: () => 0,
    remainingMs: () => 1000,
  });
  try {
    await connector.check(AbortSignal.timeout(5000));
  } catch (error) {
    return [...read, String(error)];
  } finally {
    await connector.close();
  }
  return read;
};

describe('a source of a workspace', () => {
  it('reads the secrets of this workspace, and others by the word of the organisation', async () => {
    expect(await readBy('secretsmanager:twinmap/bank/pager', { workspace: 'bank' })).toContain(
      'secretsmanager:twinmap/bank/pager',
    );
    expect(await readBy(FOREIGN, { workspace: 'bank', secretsBy: 'organisation' })).toContain(FOREIGN);
    expect(await readBy(FOREIGN)).toContain(FOREIGN);
  });

  it('reads no other, and says which it may name', async () => {
    const said = await readBy(FOREIGN, { workspace: 'bank' });
    expect(said).not.toContain(FOREIGN);
    expect(said).toEqual([expect.stringContaining('twinmap/bank/') as unknown]);
  });
});
