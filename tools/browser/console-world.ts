/** Two local Regions with an organisation of two hundred components in one Region, and what can be done to them. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { Role } from '../../functions/domain/region.ts';
import { documentKey } from '../../functions/domain/corpus.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { openFrontDoor } from '../../local/start/front-door.ts';
import { addressesOf, openLocalPair } from '../../local/start/pair-addresses.ts';
import { storeReport } from '../../ops/report/store.ts';
import type { NodeRouter } from '../../router/entries/node/node-router.ts';
import { PairStage, Repository, ROOT } from '../../test/support/pair-stage.ts';

export const COMPONENTS = 200;
export const REPORT_ID = '01J00000000000000000000001';
export const FAILED_REGION = 'us-east-1';

const componentOf = (at: number): string =>
  `service-${at.toString().padStart(3, '0')}-${['orders', 'billing', 'search', 'identity'][at % 4] ?? ''}`;

const catalogOf = (at: number): string =>
  [
    'apiVersion: backstage.io/v1alpha1',
    'kind: Component',
    'metadata:',
    `  name: ${componentOf(at)}`,
    '  annotations:',
    `    pagerduty.com/service-id: P${at}`,
    '  labels:',
    `    tier: "${(at % 3) + 1}"`,
    'spec:',
    '  type: service',
    '  lifecycle: production',
    `  owner: team-${at % 12}`,
    ...(at < 60 ? [] : ['  dependsOn:', `    - component:default/${componentOf(at % 60)}`]),
    '',
  ].join('\n');

const terraformOf = (at: number): string =>
  [
    'provider "aws" {',
    `  region = "${FAILED_REGION}"`,
    '}',
    '',
    `resource "aws_sqs_queue" "jobs" {`,
    `  name = "${componentOf(at)}-jobs"`,
    '}',
    '',
  ].join('\n');

const writeOrganisation = (repository: Repository): void => {
  for (let at = 0; at < COMPONENTS; at += 1) {
    repository.write(`${componentOf(at)}/catalog-info.yaml`, catalogOf(at));
    if (at < 60) {
      repository.write(`${componentOf(at)}/main.tf`, terraformOf(at));
    }
  }
  repository.write(
    'docs/adr/0007-two-regions.md',
    '# 7. Two Regions\n\nStatus: Accepted\n\nA write is acknowledged when both Regions hold it. <b>Not bold</b>\n\n## Why\n\nBecause a Region fails, and people need the map then.\n',
  );
  repository.write('docs/runbook.md', '# Orders runbook\n\nWhen the queue of orders grows, move the workers.\n');
  repository.commit('the organisation');
};

export class ConsoleWorld {
  readonly stage = new PairStage();
  router: NodeRouter | undefined;

  async open(): Promise<void> {
    const repository = new Repository(this.stage.directory, 'organisation');
    writeOrganisation(repository);
    await this.stage.start([repository.directory]);
    await this.stage.sync();
    const { pair, provisioned } = this.stage.running();
    const regions = (['primary', 'secondary'] as const).map((role) => ({
      region: pair.regionOf(role),
      endpoint: provisioned[role].endpoint,
    }));
    this.router = await openFrontDoor({ regions });
  }

  endpoint(role: Role): string {
    return this.stage.running().provisioned[role].endpoint;
  }

  regionOf(role: Role): string {
    return this.stage.running().pair.regionOf(role);
  }

  async call(role: Role, name: 'repair' | 'dispatch' | 'audit' | 'drain'): Promise<unknown> {
    const { pair, provisioned } = this.stage.running();
    const functionName = provisioned[role].functions[name];
    return pair.links[role].ask({ kind: 'invoke', functionName, payload: {} });
  }

  /** Until both have proven and compared what they hold, or the patience ends. */
  async compare(rounds = 4): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await this.call('primary', 'repair');
      await this.call('secondary', 'repair');
    }
  }

  /** As if the two had never been compared: the next comparison is now, and not in an hour. */
  async #forgetComparison(regions: readonly RegionStores[]): Promise<void> {
    for (const { tables } of regions) {
      for (const sk of ['roots', 'ready', 'verdict']) {
        const key = { pk: 'LOCAL#digests', sk };
        const item = await tables.workspaces.getLocal(key);
        if (item.kind === 'done' && item.value !== undefined) {
          await tables.workspaces.deleteLocal(key, item.value.order);
        }
      }
    }
  }

  /** A document that one Region lost, and nobody owes: a defect. */
  async plantDrift(): Promise<void> {
    const { pair } = this.stage.running();
    const { regions } = openLocalPair(await addressesOf(ROOT, pair));
    const source = 'planted';
    const key = documentKey(source, `${source}~${'0'.repeat(20)}`);
    await regions.home.tables.graph.put({
      ...key,
      v: 'u|0000000000000000001|us-east-2|planted',
      op: 'planted',
      h: '0'.repeat(64),
      data: '{}',
    });
  }

  /** Until the two have compared what is there now. A comparison that was under way may end after it was forgotten, and stand once more. */
  async compareAnew(expected: string, tries = 3): Promise<void> {
    const { pair } = this.stage.running();
    const { regions } = openLocalPair(await addressesOf(ROOT, pair));
    for (let round = 0; round < tries; round += 1) {
      await this.#forgetComparison([regions.home, ...(regions.peer === undefined ? [] : [regions.peer])]);
      await this.compare(6);
      const item = await regions.home.tables.workspaces.getLocal({ pk: 'LOCAL#digests', sk: 'verdict' });
      if (item.kind === 'done' && item.value?.data.includes(`"verdict":"${expected}"`) === true) {
        return;
      }
    }
  }

  async fault(role: Role, service: string, mode: string): Promise<void> {
    await this.stage.running().pair.links[role].setFault(service, mode);
  }

  async mend(role: Role): Promise<void> {
    await this.stage.running().pair.links[role].ask({ kind: 'clear-faults' });
  }

  /** The active one is told to be passive, and the other one has not been told yet. */
  async beginFailover(): Promise<void> {
    const { pair } = this.stage.running();
    const file = path.join(this.stage.directory, 'Pulumi.primary.yaml');
    const told = readFileSync(path.join(ROOT, 'Pulumi.primary.yaml'), 'utf8')
      .replace(/(isActiveForScheduledWork:) .*/u, '$1 false')
      .replace(/(gateEpoch:) .*/u, '$1 2');
    writeFileSync(file, told);
    await pair.up('primary', { file });
    const { writes } = openLocalPair(await addressesOf(ROOT, pair));
    const payload = {
      state: 'running',
      at: Date.now(),
      by: 'operator:browser-check',
      summary: `Move the scheduled work to ${pair.regionOf('secondary')}`,
      steps: [{ id: 'passive-first', outcome: 'done', detail: 'it is passive', startedAt: 0, endedAt: 1200 }],
    };
    await storeReport(writes, { kind: 'failover', id: REPORT_ID, payload });
    await this.call('primary', 'dispatch');
  }

  async killPeer(): Promise<void> {
    const link = this.stage.running().pair.links.secondary;
    link.kill();
    await link.exited;
  }

  async close(): Promise<void> {
    await this.router?.close();
    await this.stage.close();
  }
}
