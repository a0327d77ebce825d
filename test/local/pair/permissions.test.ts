/** Least privilege, both ways: what a role lacks is refused by name, and what no function ever asks for is not granted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ROLES } from '../../../functions/domain/region.ts';
import { FUNCTION_NAMES } from '../../../infra/names.ts';
import type { AccessCount } from '../../../local/iam/access-guard.ts';
import { evaluate, isSameAction } from '../../../local/iam/evaluate.ts';
import {
  type Grant,
  grantsOf,
  missingKeys,
  repeatedGrants,
  type RoleUse,
  unusedGrants,
} from '../../../local/iam/grants.ts';
import type { Principal } from '../../../local/iam/principal.ts';
import type { RegionEvent } from '../../../local/region/messages.ts';
import { denialLine } from '../../../local/start/sentences.ts';
import { PairStage, Repository } from '../../support/pair-stage.ts';
import { Exercise } from '../iam/exercise.ts';
import { exerciseSources } from '../iam/sources-exercise.ts';

const stage = new PairStage();
const repository = new Repository(stage.directory, 'shop');
let exercise: Exercise;
let calls: readonly AccessCount[] = [];
let principals: readonly Principal[] = [];

/** What no test can meet in its minute, each with the reason why it is granted all the same. */
const EXEMPT: ReadonlyMap<string, string> = new Map([
  [
    'sync SendToSync sqs:SendMessage on twinmap-home-sync.fifo',
    'a cycle or a sweep puts its rest on the queue when a minute of its fifteen is left; test/simulation runs that',
  ],
  ['sync HomeQueueKey kms:GenerateDataKey on key/* through sqs.home', 'the queue encrypts that very message'],
]);

const REGIONS = ['us-east-2', 'us-west-2'] as const;

const regionOf = ({ functionName }: Pick<Principal, 'functionName'>): string =>
  REGIONS.find((region) => functionName.includes(region)) ?? '';

const shortName = (functionName: string): string => functionName.slice(functionName.lastIndexOf('-') + 1);

/** The same for both Regions: `home` and `peer`, and no ids. */
const nameOf = (grant: Grant): string => {
  const home = regionOf(grant);
  const { functionName, sid, action, resource, via } = grant;
  const what = resource
    .split(':')
    .slice(5)
    .join(':')
    .replace(/^key\/.*$/u, 'key/*')
    .replace(/^application\/.*$/u, 'gate');
  const text = `${shortName(functionName)} ${sid} ${action} on ${what}`;
  const through = via === undefined ? '' : ` through ${via.replace('.amazonaws.com', '')}`;
  return REGIONS.reduce(
    (named, region) => named.replaceAll(region, region === home ? 'home' : 'peer'),
    `${text}${through}`,
  );
};

/** Lambda feeds this one function from a queue, which the program declares and the Regions don't count. */
const useOf = (principal: Principal, seen: readonly AccessCount[] = calls): RoleUse => {
  const { functionName, roleArn } = principal;
  const region = regionOf(principal);
  const account = roleArn.split(':')[4] ?? '';
  const queueArn = `arn:aws:sqs:${region}:${account}:twinmap-${region}-sync.fifo`;
  return { principal, calls: seen, use: shortName(functionName) === 'sync' ? { queueArn } : {} };
};

/** Of both Regions' roles for a function: they are the same program, and only one of the two is active. */
const unusedOf = (roles: readonly Principal[]): readonly string[] => {
  const unused = roles.map((principal) => unusedGrants(useOf(principal)).map((grant) => nameOf(grant)));
  const times = new Map<string, number>();
  for (const name of unused.flat()) {
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return [...times].filter(([, count]) => count === 2).map(([name]) => name);
};

const without = (principal: Principal, grant: Grant): Principal => ({
  ...principal,
  statements: principal.statements.flatMap((statement) =>
    statement.Sid === grant.sid && statement.Action.includes(grant.action)
      ? [
          { ...statement, Action: statement.Action.filter((action) => action !== grant.action) },
          {
            ...statement,
            Action: [grant.action],
            Resource: statement.Resource.filter((resource) => resource !== grant.resource),
          },
        ]
      : [statement],
  ),
});

const isRefused = (principal: Principal): boolean =>
  calls.some(
    ({ role, action, resource }) =>
      role === principal.roleArn && evaluate(principal.statements, { action, resource }).kind === 'denied',
  );

/** The schedules' own jobs run beside it, and now and then do what this was about to: then it goes round again. */
const ROUNDS_MAX = 3;

const readCalls = async (): Promise<void> => {
  const { pair } = stage.running();
  const counted = await Promise.all(ROLES.map(async (role) => pair.links[role].ask({ kind: 'access' })));
  calls = counted.flat();
  principals = ROLES.flatMap((role) => pair.principalsOf(role));
};

beforeAll(async () => {
  repository.write('README.md', '# Shop\n\nThe payments team answers pages about refunds.\n');
  repository.commit('first');
  await stage.start([repository.directory]);
  await stage.sync();
  await exerciseSources(stage);
  exercise = await Exercise.open(stage, repository);
  let isDone = false;
  for (let round = 1; round <= ROUNDS_MAX && !isDone; round += 1) {
    await exercise.everything(round);
    await readCalls();
    isDone = calls.some(({ denied }) => denied > 0) || unusedOf(principals).every((name) => EXEMPT.has(name));
  }
}, 240_000);

afterAll(async () => {
  await stage.close();
}, 30_000);

describe('the declared roles', () => {
  it('are those of seven functions in each Region, and every function has called', () => {
    expect(principals).toHaveLength(14);
    const callers = new Set(calls.map(({ role }) => shortName(role)));
    expect([...callers].toSorted()).toEqual([...FUNCTION_NAMES].toSorted());
  });

  it('allow everything that the functions ask for', () => {
    expect(calls.filter(({ denied }) => denied > 0)).toEqual([]);
    expect(principals.flatMap((principal) => missingKeys(useOf(principal)))).toEqual([]);
  });

  it('grant nothing that no function asks for, but for what is named here', () => {
    expect(unusedOf(principals).toSorted()).toEqual([...EXEMPT.keys()].toSorted());
  });

  it('grant nothing twice', () => {
    expect(principals.flatMap((principal) => repeatedGrants(principal)).map((grant) => nameOf(grant))).toEqual([]);
  });

  it('show an action that is added to any of their statements', () => {
    const more = principals.map((principal) => ({
      ...principal,
      statements: principal.statements.map((statement) => ({
        ...statement,
        Action: [...statement.Action, 'dynamodb:DescribeTable'],
      })),
    }));
    const found = unusedOf(more).filter((name) => name.includes('dynamodb:DescribeTable'));
    const statements = principals.flatMap(({ functionName, statements: all }) =>
      all.map(({ Sid }) => `${shortName(functionName)} ${Sid ?? ''}`),
    );
    expect(new Set(found.map((name) => name.split(' ').slice(0, 2).join(' ')))).toEqual(new Set(statements));
  });

  it('refuse a call that was made, as soon as one grant is taken away', () => {
    const noticed = new Set<string>();
    const direct = principals.flatMap((principal) =>
      grantsOf(principal)
        .filter(({ via, sid }) => via === undefined && sid !== 'Logs' && sid !== 'ReceiveFromSync')
        .map((grant) => ({ principal, grant })),
    );
    for (const { principal, grant } of direct) {
      if (isRefused(without(principal, grant))) {
        noticed.add(nameOf(grant));
      }
    }
    const unnoticed = direct
      .map(({ grant }) => nameOf(grant))
      .filter((name) => !noticed.has(name) && !EXEMPT.has(name));
    expect(unnoticed).toEqual([]);
    expect(noticed.size).toBeGreaterThan(100);
  });
});

describe('a role that lacks an action', () => {
  const changeSync = async (change: (sync: Principal) => Principal): Promise<void> => {
    const { pair } = stage.running();
    const sync = pair.principalsOf('primary').find(({ functionName }) => shortName(functionName) === 'sync');
    if (sync === undefined) {
      throw new Error('sync is not declared');
    }
    await pair.links.secondary.ask({ kind: 'know-peer', principals: [change(sync)] });
  };

  it('is refused by the Region that it calls, with role, action and resource, and nothing is acknowledged', async () => {
    await exercise.resume(1000);
    await changeSync((sync) => ({
      ...sync,
      statements: sync.statements.map((statement) => ({
        ...statement,
        Action: statement.Action.filter(
          (action) => !(statement.Sid === 'PeerTables' && isSameAction(action, 'dynamodb:PutItem')),
        ),
      })),
    }));
    const { verdict, result } = await stage.sync();
    expect(verdict.acknowledged).toBe(false);
    expect(result.ends[0]?.fields).toMatchObject({ side: 'peer', reason: 'refused', code: 'AccessDeniedException' });
    expect(verdict.findings.join('\n')).toMatch(/the peer Region is refused \(AccessDeniedException\)/u);
    const told = result.failures
      .map((text) => JSON.parse(text) as RegionEvent)
      .filter((e) => e.kind === 'access-denied');
    expect(told).toHaveLength(1);
    const line = told[0]?.kind === 'access-denied' ? denialLine('secondary', told[0].denial) : '';
    expect(line).toContain(
      'role twinmap-us-east-2-sync lacks dynamodb:PutItem on arn:aws:dynamodb:us-west-2:111122223333:table/twinmap-us-west-2-graph (refused in secondary)',
    );
  }, 60_000);

  it('goes on where it was once it has the action again', async () => {
    await changeSync((sync) => sync);
    const { verdict } = await stage.sync();
    expect(verdict).toMatchObject({ acknowledged: true });
    expect(verdict.findings.join('\n')).not.toContain('access-denied');
  }, 60_000);
});
