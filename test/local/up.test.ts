/** `npm run local:up` in parts: what an up changes, what it refuses, and the socket that takes the order. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { LocalRegionError } from '../../local/region/region-link.ts';
import type {
  OnResource,
  ProvisionedResource,
  RecordedResource,
  RegisteredResource,
} from '../../local/monitor/registered-resource.ts';
import { giveOrder } from '../../local/up/control-client.ts';
import { type ControlServer, openControl, type UpTarget } from '../../local/up/control-server.ts';
import { DeployedStack } from '../../local/up/deployed-stack.ts';
import { settingsNotUsed, type StackUp, whyNotUp } from '../../local/up/stack-up.ts';
import { upLines } from '../../local/up/up-lines.ts';

const VERSION = 'aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion';
const DEPLOYMENT = 'aws:appconfig/deployment:Deployment';
const FUNCTION = 'aws:lambda/function:Function';
const POLICY = 'aws:iam/rolePolicy:RolePolicy';
const TABLE = 'aws:dynamodb/table:Table';
const RULE = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';

const resource = (type: string, name: string, inputs: Readonly<Record<string, unknown>>): RegisteredResource => ({
  urn: `urn:pulumi:primary::twinmap::${type}::${name}`,
  type,
  name,
  custom: true,
  inputs,
  secretInputs: [],
  protect: false,
  retainOnDelete: false,
  deleteBeforeReplace: false,
  ignoreChanges: [],
  dependencies: [],
});

/** Stands for the provisioner: numbers versions, keeps what was made, and breaks where it is told to. */
class Region {
  readonly made: string[] = [];
  broken: string | undefined;
  #versions = 0;

  readonly make: OnResource = async (one) => {
    await sleep(0);
    if (one.name === this.broken) {
      throw new Error(`${one.name} is broken`);
    }
    this.made.push(one.name);
    if (one.type === VERSION) {
      this.#versions += 1;
      return { id: String(this.#versions), outputs: { versionNumber: this.#versions } };
    }
    return { id: one.name, outputs: {} };
  };
}

interface Program {
  readonly content?: string;
  readonly more?: readonly RegisteredResource[];
}

const TABLES = [resource(TABLE, 'graph', { name: 'graph' })];

/** Like the gate of the real program: the deployment names the version that the engine answered with. */
const runProgram =
  ({ content = 'epoch 1', more = TABLES }: Program) =>
  async (onResource: OnResource): Promise<readonly RecordedResource[]> => {
    const recorded: RecordedResource[] = [];
    const register = async (one: RegisteredResource): Promise<ProvisionedResource> => {
      const made = await onResource(one);
      recorded.push({ ...one, ...made });
      return made;
    };
    for (const one of more) {
      await register(one);
    }
    const version = await register(resource(VERSION, 'gate-version', { content }));
    await register(
      resource(DEPLOYMENT, 'gate-deployment', { configurationVersion: String(version.outputs['versionNumber']) }),
    );
    return recorded;
  };

const deployed = async (region: Region, program: Program = {}): Promise<DeployedStack> => {
  const stack = new DeployedStack(region.make);
  await stack.remember(await runProgram(program)(region.make));
  region.made.length = 0;
  return stack;
};

describe('an up', () => {
  it('of an unchanged program makes nothing', async () => {
    const region = new Region();
    const stack = await deployed(region);
    await expect(stack.up(runProgram({}))).resolves.toStrictEqual({ outcome: 'unchanged', unchanged: 3, changes: [] });
    expect(region.made).toStrictEqual([]);
  });

  it('keeps what a plugin has made', async () => {
    const region = new Region();
    const vpc = { ...resource('awsx:ec2:Vpc', 'network', { cidrBlock: '10.0.0.0/16' }), custom: false, remote: true };
    const stack = await deployed(region, { more: [vpc] });
    await expect(stack.up(runProgram({ more: [vpc] }))).resolves.toMatchObject({ outcome: 'unchanged', unchanged: 3 });
  });

  it('of a changed gate makes its version and its deployment, once', async () => {
    const region = new Region();
    const stack = await deployed(region);
    const up = await stack.up(runProgram({ content: 'epoch 2' }));
    expect(up).toMatchObject({ outcome: 'applied', unchanged: 1 });
    expect(region.made).toStrictEqual(['gate-version', 'gate-deployment']);
    await expect(stack.up(runProgram({ content: 'epoch 2' }))).resolves.toMatchObject({ outcome: 'unchanged' });
  });

  it('that holds one refused change applies none of the others', async () => {
    const region = new Region();
    const stack = await deployed(region);
    const wider = [resource(TABLE, 'graph', { name: 'graph', hashKey: 'other' })];
    const up = await stack.up(runProgram({ content: 'epoch 2', more: wider }));
    expect(up.outcome).toBe('refused');
    expect(region.made).not.toContain('gate-deployment');
    const text = upLines({ ...up, role: 'primary', region: 'us-east-2', notUsed: [], active: true, epoch: 2 }).join(
      '\n',
    );
    expect(text).toContain("nothing was deployed, because 1 of 3 changes can't be made while it runs");
    expect(text).toContain('~ graph (Table) hashKey: refused, it can not be changed while it runs');
    await expect(stack.up(runProgram({ content: 'epoch 2' }))).resolves.toMatchObject({ outcome: 'applied' });
    expect(region.made).toContain('gate-deployment');
  });

  it('that breaks in the middle is finished by the next one', async () => {
    const region = new Region();
    const stack = await deployed(region);
    region.broken = 'gate-deployment';
    await expect(stack.up(runProgram({ content: 'epoch 2' }))).rejects.toThrow('gate-deployment is broken');
    region.broken = undefined;
    const up = await stack.up(runProgram({ content: 'epoch 2' }));
    expect(up.changes.map(({ name }) => name)).toStrictEqual(['gate-deployment']);
  });

  it('tells of what nothing on one machine acts on, also when it comes or goes', async () => {
    const region = new Region();
    const stack = await deployed(region, { more: [resource(RULE, 'from-a', { cidr: 'a' })] });
    const up = await stack.up(runProgram({ more: [resource(RULE, 'from-b', { cidr: 'b' })] }));
    expect(up.outcome).toBe('applied');
    expect(up.changes.map(({ action, name, how }) => `${action} ${name} ${how}`)).toStrictEqual([
      'create from-b nothing',
      'delete from-a nothing',
    ]);
    await expect(stack.up(runProgram({ more: [resource(RULE, 'from-b', { cidr: 'b' })] }))).resolves.toMatchObject({
      outcome: 'unchanged',
    });
  });

  it.each<readonly [what: string, more: readonly RegisteredResource[], why: RegExp]>([
    ['a new table', [...TABLES, resource(TABLE, 'more', { name: 'more' })], /can not be added to a Region that runs/u],
    ['a table that is gone', [], /can not be taken out of a Region that runs/u],
    ['a new function', [...TABLES, resource(FUNCTION, 'more', { name: 'more' })], /can not be added/u],
    ['another provider', [...TABLES, resource('pulumi:providers:aws', 'home', { region: 'x' })], /another install/u],
  ])('refuses %s', async (_what, more, why) => {
    const region = new Region();
    const stack = await deployed(region);
    const up = await stack.up(runProgram({ more }));
    expect(up.outcome).toBe('refused');
    expect(up.changes.find(({ how }) => how === 'refused')?.why).toMatch(why);
  });

  it('makes the functions of a role again whose policy has changed', async () => {
    const region = new Region();
    const withPolicy = (policy: string): Program => ({
      more: [
        resource(POLICY, 'api-policy', { role: 'api', policy }),
        resource(FUNCTION, 'api', { name: 'api', role: 'arn:aws:iam::1:role/api' }),
        resource(FUNCTION, 'sync', { name: 'sync', role: 'arn:aws:iam::1:role/sync' }),
      ],
    });
    const stack = await deployed(region, withPolicy('a'));
    await stack.up(runProgram(withPolicy('b')));
    expect(region.made).toStrictEqual(['api-policy', 'api']);
  });
});

describe('settings of a stack file', () => {
  it('that a local pair takes from elsewhere are told when they change', () => {
    const keys = (before: object, after: object, intervalMs?: number): readonly string[] =>
      settingsNotUsed({ ...before }, { ...after }, intervalMs).map(({ key }) => key);
    expect(keys({ 'twinmap:sources': '[]' }, { 'twinmap:sources': '[1]' })).toStrictEqual(['twinmap:sources']);
    expect(keys({ 'twinmap:sources': '[1]' }, { 'twinmap:sources': '[1]' })).toStrictEqual([]);
    expect(keys({ 'twinmap:schedule': 'a' }, { 'twinmap:schedule': 'b' })).toStrictEqual([]);
    expect(keys({ 'twinmap:schedule': 'a' }, { 'twinmap:schedule': 'b' }, 1000)).toStrictEqual(['twinmap:schedule']);
  });

  it.each<readonly [what: string, region: string, peer: string, why: RegExp | undefined]>([
    ['the same pair', 'us-east-2', 'us-west-2', undefined],
    ['another Region', 'us-east-1', 'us-west-2', /the file is for us-east-1.*another install/u],
    ['another peer', 'us-east-2', 'us-west-1', /names us-west-1 as twinmap:peerRegion.*always that pair/u],
    ['no peer', 'us-east-2', '', /names no Region/u],
  ])('are for %s', (_what, region, peer, why) => {
    const running = { region: 'us-east-2', accountId: '1', config: {} };
    const told = whyNotUp(
      'primary',
      running,
      { region, accountId: '1', config: { 'twinmap:peerRegion': peer } },
      'us-west-2',
    );
    expect(told ?? '').toMatch(why ?? /^$/u);
  });
});

const UP: StackUp = {
  role: 'primary',
  region: 'us-east-2',
  outcome: 'unchanged',
  unchanged: 3,
  changes: [],
  notUsed: [],
  active: true,
  epoch: 1,
};

describe('the control socket', () => {
  const opened: ControlServer[] = [];
  const serve = async (up: UpTarget['up']): Promise<ControlServer> => {
    const server = await openControl({ up });
    opened.push(server);
    return server;
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (server) => server.close()));
  });

  it('is in a folder that only its owner may enter, and goes with its server', async () => {
    const server = await serve(async () => UP);
    expect(statSync(path.dirname(server.path)).mode & 0o777).toBe(0o700);
    await expect(giveOrder(server.path, { kind: 'up', role: 'primary' })).resolves.toStrictEqual({
      kind: 'done',
      up: UP,
    });
    await server.close();
    opened.length = 0;
    await expect(giveOrder(server.path, { kind: 'up', role: 'primary' })).rejects.toThrow(/takes no orders/u);
  });

  it('does one Region’s orders one after the other, and the other Region’s beside them', async () => {
    const running = { primary: 0, secondary: 0 };
    const most = { primary: 0, secondary: 0 };
    let together = 0;
    const server = await serve(async (role) => {
      running[role] += 1;
      most[role] = Math.max(most[role], running[role]);
      together = Math.max(together, running.primary + running.secondary);
      await sleep(30);
      running[role] -= 1;
      return { ...UP, role };
    });
    await Promise.all(
      (['primary', 'primary', 'secondary'] as const).map(async (role) => giveOrder(server.path, { kind: 'up', role })),
    );
    expect([most.primary, most.secondary, together]).toStrictEqual([1, 1, 2]);
  });

  it('answers what is no order, and what fails, with a sentence', async () => {
    const server = await serve(async (role) => {
      throw role === 'primary' ? new Error('the file is wrong') : new LocalRegionError('the Region has ended');
    });
    await expect(giveOrder(server.path, { kind: 'up', role: 'primary' })).resolves.toStrictEqual({
      kind: 'failed',
      message: 'the file is wrong',
    });
    await expect(giveOrder(server.path, { kind: 'up', role: 'secondary' })).resolves.toMatchObject({ kind: 'gone' });
    const said = await new Promise<string>((resolve) => {
      let text = '';
      const socket = createConnection(server.path, () => socket.write('{"kind":"stop"}\n'));
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => {
        resolve(text);
      });
    });
    expect(said).toContain('no order that this npm start knows');
  });

  it('gives an order up after its bound', async () => {
    const server = await serve(async () => {
      await sleep(500);
      return UP;
    });
    await expect(giveOrder(server.path, { kind: 'up', role: 'primary' }, 50)).rejects.toThrow(
      /did not answer within 0\.05 s/u,
    );
  });

  it('that nobody serves is told as such', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-up-'));
    await expect(giveOrder(path.join(directory, 'none'), { kind: 'up', role: 'primary' })).rejects.toThrow(
      /stop it and start it again/u,
    );
    rmSync(directory, { recursive: true });
  });
});
