/**
 * A local pair of its own, on temporary folders, whose stack files are edited as `twinmap toggle` edits them and applied as
 * `npm run local:up` applies them: over the control socket, through the same Pulumi program.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { InvariantError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { RegionPairLink } from '../../local/region/pair.ts';
import { addressesOf, authorityFile } from '../../local/start/pair-addresses.ts';
import { type OpenedSources, openSources } from '../../local/start/sources.ts';
import { giveOrder } from '../../local/up/control-client.ts';
import type { UpReport } from '../../local/up/control-messages.ts';
import { type ControlServer, openControl } from '../../local/up/control-server.ts';
import { RUNNING_FILE } from '../../ops/running-pair.ts';
import { editStackFile, type SettingEdits } from '../../ops/stack-files/edit.ts';
import { KEYS, readStackPair } from '../../ops/stack-files/gate-values.ts';
import { stackFileName } from '../../ops/stack-files/stack-file.ts';
import { writeStackFiles } from '../../ops/stack-files/write.ts';
import { planOrder } from '../../ops/toggle-plan.ts';
import { buildFunctions } from '../build-functions.ts';
import { OriginRepository } from '../kills/origin.ts';
import { observe, type Observed, type SaidLine } from './observe.ts';

const QUIET_MS = 7 * 24 * 60 * 60 * 1000;

interface Opened {
  readonly rootDirectory: string;
  readonly dataDirectory: string;
  readonly endpoints: Record<Role, string>;
  readonly pair: RegionPairLink;
  readonly sources: OpenedSources;
  readonly control: ControlServer;
  readonly origin: OriginRepository;
}

export class TogglingStage {
  readonly #files: string;
  readonly #opened: Opened;
  readonly #said: SaidLine[];
  #round = 0;

  private constructor(files: string, opened: Opened, said: SaidLine[]) {
    this.#files = files;
    this.#opened = opened;
    this.#said = said;
  }

  /** The stack files that the pair was started with, as an old checkout keeps them. */
  get firstFiles(): string {
    return this.#opened.rootDirectory;
  }

  static async open(rootDirectory: string, directory: string): Promise<TogglingStage> {
    await buildFunctions({ outDir: path.join(rootDirectory, 'dist', 'functions') });
    const files = path.join(directory, 'stacks');
    await mkdir(files, { recursive: true });
    for (const role of ROLES) {
      await copyFile(path.join(rootDirectory, stackFileName(role)), path.join(files, stackFileName(role)));
    }
    const origin = new OriginRepository(directory);
    const sources = await openSources([origin.directory]);
    const said: SaidLine[] = [];
    const dataDirectory = path.join(directory, 'data');
    const pair = await RegionPairLink.open({
      rootDirectory,
      dataDirectory,
      // Only the slots of a case fire: a tick in the middle would be another case.
      intervalMs: QUIET_MS,
      jobsIntervalMs: QUIET_MS,
      onEvent: (role, event) => {
        if (event.kind === 'line') {
          said.push({ role, text: event.text });
        }
      },
    });
    const control = await openControl(pair);
    const endpoints = { primary: '', secondary: '' };
    const opened = { rootDirectory, dataDirectory, endpoints, pair, sources, control, origin };
    const stage = new TogglingStage(files, opened, said);
    try {
      const provisioned = await pair.provision(sources);
      for (const role of ROLES) {
        endpoints[role] = provisioned[role].endpoint;
      }
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  /** `twinmap toggle --active …`: both files, one epoch more. */
  async toggle(active: Role): Promise<void> {
    const nowMs = Date.now();
    const order = { active, unfreeze: false, reason: undefined, by: 'toggling', at: new Date(nowMs).toISOString() };
    const plan = planOrder(await readStackPair(this.#files), order, [], nowMs);
    if (plan.kind !== 'toggle') {
      throw new InvariantError('a toggle was planned as something else');
    }
    await writeStackFiles(plan.edits);
  }

  /** As somebody does who edits both files by hand, and forgets the epoch. */
  async editByHand(active: Role): Promise<void> {
    const pair = await readStackPair(this.#files);
    const edits = ROLES.map((role) => {
      const wanted: SettingEdits = { [KEYS.active]: role === active };
      return { before: pair[role].file, after: editStackFile(pair[role].file, wanted, KEYS.active) };
    });
    await writeStackFiles(edits);
  }

  fileOf(role: Role): string {
    return path.join(this.#files, stackFileName(role));
  }

  /** What the files say now. */
  async epoch(): Promise<number> {
    const { primary, secondary } = await readStackPair(this.#files);
    return Math.max(primary.epoch, secondary.epoch);
  }

  /** As `npm start` tells where its pair is: commands find it in this data folder. */
  async announce(dataDirectory: string): Promise<void> {
    const { pair, control, endpoints, rootDirectory } = this.#opened;
    const addresses = await addressesOf(rootDirectory, pair);
    const regions = ROLES.map((role) => ({
      role,
      region: pair.regionOf(role),
      endpoint: endpoints[role],
      stores: addresses[role].stores,
    }));
    const running = {
      pid: process.pid,
      regions,
      authority: authorityFile(this.#opened.dataDirectory),
      control: control.path,
    };
    await mkdir(dataDirectory, { recursive: true });
    await writeFile(path.join(dataDirectory, RUNNING_FILE), JSON.stringify(running));
  }

  async up(role: Role, files: string = this.#files): Promise<UpReport> {
    const file = path.join(files, stackFileName(role));
    const answer = await giveOrder(this.#opened.control.path, { kind: 'up', role, file });
    if (answer.kind !== 'done' || answer.up.outcome === 'refused') {
      throw new InvariantError(`an up of ${role} was refused: ${JSON.stringify(answer)}`);
    }
    return answer.up;
  }

  async upBoth(files: string = this.#files): Promise<void> {
    await Promise.all(ROLES.map(async (role) => this.up(role, files)));
  }

  /** The next slot, with something to read: both schedules at once, or one Region after the other. */
  async slot(order: 'at once' | readonly Role[]): Promise<Observed> {
    this.#round += 1;
    this.#opened.origin.edit(this.#round);
    this.#said.length = 0;
    if (order === 'at once') {
      await Promise.all(ROLES.map(async (role) => this.#fire(role)));
    } else {
      for (const role of order) {
        await this.#fire(role);
      }
    }
    return observe(this.#said);
  }

  async close(): Promise<void> {
    const { pair, sources, control } = this.#opened;
    await pair.stop();
    await control.close();
    await sources.close();
  }

  async #fire(role: Role): Promise<void> {
    const link = this.#opened.pair.links[role];
    await link.ask({ kind: 'tick' });
    await link.ask({ kind: 'idle' });
  }
}
