/** Both stacks as the engine sees them: the real program through the real language host, without a cloud. */
import { rm } from 'node:fs/promises';
import path from 'node:path';

import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LIMITS } from '../../functions/domain/limits.ts';
import { parseSources, parseStoresEnvironment } from '../../functions/handlers/environment.ts';
import { FUNCTION_NAMES } from '../../infra/names.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { runProgram } from '../../local/monitor/run-program.ts';
import { exampleSettings, REPOSITORY } from './complete-settings.ts';
import { emptyBundles, runStack, type StackRun } from './run-stack.ts';

const SOURCES = JSON.stringify([{ id: 'handbook', kind: 'git', url: 'https://github.com/x/handbook', branch: 'main' }]);

let functionsDirectory: string;
let primary: StackRun;
let secondary: StackRun;
let single: StackRun;
let swapped: StackRun;

beforeAll(async () => {
  functionsDirectory = await emptyBundles();
  const sources = { 'twinmap:sources': SOURCES };
  [primary, secondary] = await Promise.all([
    runStack('primary', functionsDirectory, sources),
    runStack('secondary', functionsDirectory, sources),
  ]);
  [single, swapped] = await Promise.all([
    runStack('primary', functionsDirectory, { ...sources, 'twinmap:peerRegion': '' }),
    runStack('primary', functionsDirectory, {
      ...sources,
      'twinmap:role': 'secondary',
      'twinmap:isActiveForScheduledWork': 'false',
      'twinmap:gateEpoch': '2',
    }),
  ]);
}, 120_000);

afterAll(async () => {
  await rm(functionsDirectory, { recursive: true, force: true });
});

const managed = (run: StackRun): readonly RecordedResource[] =>
  run.result.resources.filter(({ custom, type }) => custom && !type.startsWith('pulumi:'));

const everyText = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap((inner) => everyText(inner));

const keyArn = (run: StackRun): unknown => run.one('keys-key').outputs['arn'];

/** Regions by what they are to the stack; ids and roles, which differ by design, by their kind. */
const comparable = (run: StackRun, home: string, peer: string): readonly string[] =>
  run.result.resources
    .map(({ urn, inputs, protect, dependencies, deleteBeforeReplace }) =>
      JSON.stringify({ urn, inputs, protect, dependencies, deleteBeforeReplace })
        .replaceAll(home, 'HOME')
        .replaceAll(peer, 'PEER')
        .replaceAll(/primary|secondary/gu, 'ROLE')
        // Each stack's own name comes first in the names that its API answers to.
        .replaceAll(/twinmap[12]\.example\.com/gu, 'NAME')
        .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gu, 'UUID')
        .replaceAll(/\b(?<kind>vpc|subnet|sgr?)-[0-9a-f]{8,17}/gu, '$<kind>-ID')
        .replaceAll(/\/[0-9a-f]{16}/gu, '/ID')
        .replaceAll(/(?<name>deploymentStrategyId":")\w{7}/gu, '$<name>ID')
        .replaceAll(/scheduled_work\\":(?:true|false)/gu, 'scheduled_work'),
    )
    .toSorted((left, right) => left.localeCompare(right));

const identity = ({ urn, id }: RecordedResource): string => `${urn} ${id}`;

const namesIn = (run: StackRun): readonly string[] => run.result.resources.map(({ name }) => name).toSorted();

/** Who writes at the peer, sends to it or compares with it. */
const REACHING_THE_PEER: readonly string[] = ['sync', 'api', 'drain', 'repair', 'audit'];

describe('the Region of a resource', () => {
  it("is the stack's own: every resource carries the one explicit provider", () => {
    for (const run of [primary, secondary, single]) {
      const provider = run.one('home');
      const reference = `${provider.urn}::${provider.id}`;
      expect(managed(run).filter((resource) => resource.provider !== reference)).toEqual([]);
      expect(run.result.resources.filter(({ type }) => type.startsWith('pulumi:providers:'))).toEqual([provider]);
    }
    expect(primary.one('home').inputs).toMatchObject({ region: 'us-east-2', allowedAccountIds: '["111122223333"]' });
    expect(secondary.one('home').inputs).toMatchObject({ region: 'us-west-2' });
  });

  it('is overridden by no resource, and nothing is looked up', () => {
    for (const run of [primary, secondary]) {
      expect(managed(run).filter(({ inputs }) => 'region' in inputs)).toEqual([]);
      expect(run.result.invokes).toEqual([]);
    }
  });

  it('is the only one that is named, but for the peer in roles and environments of those that write there', () => {
    const naming = managed(primary).filter(({ inputs }) =>
      everyText(inputs).some((text) => text.includes('us-west-2')),
    );
    // This Region's own metrics say which Region they are about: the alarms on them, and the dashboard, name it.
    const others = naming.map(({ name }) => name).filter((name) => !name.startsWith('alarms-'));
    expect(others.toSorted()).toEqual(
      // The key and the bucket say which roles of the peer they let in.
      [
        'keys-key',
        'vectors-bucket-policy',
        ...REACHING_THE_PEER.flatMap((name) => [`functions-${name}`, `roles-${name}-policy`]),
      ].toSorted(),
    );
  });
});

describe('the two stacks', () => {
  it('are equal but for Region names, roles and ids', () => {
    expect(comparable(secondary, 'us-west-2', 'us-east-2')).toEqual(comparable(primary, 'us-east-2', 'us-west-2'));
  });

  it('derive of each other exactly what the other one makes', () => {
    const made = new Set(primary.result.resources.flatMap(({ outputs }) => everyText(outputs)));
    const [statements = []] = [
      ...(secondary.provisioner
        .roles()
        .get('arn:aws:iam::111122223333:role/twinmap-us-west-2-sync')
        ?.policies.values() ?? []),
    ];
    const peerArns = statements
      .flatMap(({ Resource }) => Resource)
      .filter((arn) => arn.includes('us-east-2') && !arn.includes(':kms:'));
    expect(peerArns).toHaveLength(3);
    expect(peerArns.filter((arn) => !made.has(arn))).toEqual([]);
    expect(JSON.stringify(statements)).toContain(String(primary.one('keys-alias').inputs['name']));
  });

  it("change environments and the gate document, and no resource's identity, when role and gate are swapped", () => {
    expect(swapped.result.resources.map(identity).toSorted()).toEqual(
      primary.result.resources.map(identity).toSorted(),
    );
    const changed = managed(swapped).filter(
      (resource) => JSON.stringify(resource.inputs) !== JSON.stringify(primary.one(resource.name).inputs),
    );
    expect(changed.map(({ name }) => name).toSorted()).toEqual([
      'functions-api',
      'functions-audit',
      'functions-dispatch',
      'functions-drain',
      'functions-proof',
      'functions-repair',
      'functions-sync',
      'gate-version',
    ]);
  });
});

describe('stored data', () => {
  it('is protected from deletion, and nothing else is', () => {
    const names = managed(primary)
      .filter(({ protect }) => protect)
      .map(({ name }) => name);
    expect(names.toSorted()).toEqual([
      'keys-key',
      'signing-key-key',
      'tables-audit',
      'tables-graph',
      'tables-workspaces',
      'vectors-bucket',
      'vectors-index',
    ]);
  });

  it("is on-demand tables under the Region's key, restorable to any second, with the sparse index of debts", () => {
    const tables = primary.ofType('aws:dynamodb/table:Table');
    expect(tables).toHaveLength(3);
    for (const { inputs } of tables) {
      expect(inputs).toMatchObject({
        billingMode: 'PAY_PER_REQUEST',
        hashKey: 'pk',
        rangeKey: 'sk',
        serverSideEncryption: { enabled: true, kmsKeyArn: keyArn(primary) },
        pointInTimeRecovery: { enabled: true },
        deletionProtectionEnabled: true,
        ttl: { enabled: true, attributeName: 'expires' },
        globalSecondaryIndexes: [{ name: 'owed', hashKey: 'owedShard', rangeKey: 'v', projectionType: 'KEYS_ONLY' }],
      });
    }
  });

  it("is vectors of the configured dimension under the Region's key", () => {
    const encryptionConfigurations = [{ sseType: 'aws:kms', kmsKeyArn: keyArn(primary) }];
    expect(primary.one('vectors-bucket').inputs).toMatchObject({ encryptionConfigurations, forceDestroy: false });
    expect(primary.one('vectors-index').inputs).toMatchObject({
      encryptionConfigurations,
      dataType: 'float32',
      dimension: 256,
      distanceMetric: 'cosine',
      metadataConfiguration: { nonFilterableMetadataKeys: ['h', 'chunk'] },
    });
  });

  it('is encrypted in queues and logs too, under a rotating key of one Region', () => {
    expect(primary.one('keys-key').inputs).toMatchObject({ enableKeyRotation: true, multiRegion: false });
    const queues = primary.ofType('aws:sqs/queue:Queue').map(({ inputs }) => inputs['kmsMasterKeyId']);
    const logs = primary.ofType('aws:cloudwatch/logGroup:LogGroup').map(({ inputs }) => inputs['kmsKeyId']);
    expect([...new Set([...queues, ...logs])]).toEqual([keyArn(primary)]);
    expect([queues.length, logs.length]).toEqual([3, 7]);
  });
});

describe('the gate', () => {
  it("deploys the stack's document at once, without ramp or bake, as one whole", () => {
    expect(primary.one('gate-strategy').inputs).toMatchObject({
      deploymentDurationInMinutes: 0,
      growthFactor: 100,
      finalBakeTimeInMinutes: 0,
      replicateTo: 'NONE',
    });
    expect(primary.one('gate-environment').inputs['monitors']).toBeUndefined();
    expect(primary.calls.deployments).toHaveLength(1);
    expect(JSON.parse(primary.calls.deployments[0]?.content ?? '')).toEqual({
      is_active_for_scheduled_work: true,
      peer_writes: 'required',
      epoch: 1,
      changed_at: '2026-01-31T09:00:00Z',
      changed_by: 'platform team',
      reason: 'first deployment',
    });
    expect(secondary.calls.deployments[0]?.content).toMatch(/"is_active_for_scheduled_work":false/u);
  });

  it('checks every document against a schema that takes this one and no incomplete one', () => {
    const [schema = ''] = primary.calls.profiles[0]?.jsonSchemas ?? [];
    const validate = new Ajv({ strict: true }).compile(JSON.parse(schema) as object);
    const document = JSON.parse(primary.calls.deployments[0]?.content ?? '') as Record<string, unknown>;
    expect(validate(document)).toBe(true);
    for (const wrong of [{ epoch: 0 }, { epoch: 1.5 }, { peer_writes: 'maybe' }, { reason: undefined }, { extra: 1 }]) {
      expect(validate(JSON.parse(JSON.stringify({ ...document, ...wrong })))).toBe(false);
    }
  });
});

describe('scheduled work', () => {
  it('is retried once and dropped before the next call, in the schedule and in the function', () => {
    const target = { retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 1800 } };
    expect(primary.one('schedule-dispatch').inputs).toMatchObject({
      scheduleExpression: 'rate(1 hour)',
      state: 'ENABLED',
      target,
    });
    expect(primary.one('schedule-retries').inputs).toMatchObject({
      maximumRetryAttempts: 1,
      maximumEventAgeInSeconds: 1800,
    });
  });

  it('runs on the schedule of both Regions, whoever is active', () => {
    expect(secondary.one('schedule-dispatch').inputs['state']).toBe('ENABLED');
  });

  it.each([
    ['drain', 'rate(1 minute)'],
    ['repair', 'rate(5 minutes)'],
    ['audit', 'rate(1 minute)'],
  ])('calls %s at %s in both Regions, and never twice for one call', (name, expression) => {
    for (const run of [primary, secondary]) {
      expect(run.one(`jobs-${name}`).inputs).toMatchObject({
        scheduleExpression: expression,
        state: 'ENABLED',
        target: { retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 } },
      });
      expect(run.one(`jobs-${name}-retries`).inputs).toMatchObject({ maximumRetryAttempts: 0 });
    }
  });

  it('leaves undelivered calls in a standard queue, the only kind that a schedule takes', () => {
    const { target } = primary.one('schedule-dispatch').inputs as { target: { deadLetterConfig: { arn: string } } };
    const queue = primary.one('queues-schedule-dead-letters');
    expect(target.deadLetterConfig.arn).toBe(queue.outputs['arn']);
    expect(queue.inputs['fifoQueue']).toBeUndefined();
  });

  it('goes through a FIFO queue that hides a message for six time-outs and gives up after three receives', () => {
    const sync = primary.calls.queues.find(({ name }) => name.endsWith('-sync.fifo'));
    expect(sync).toMatchObject({
      fifo: true,
      visibilityTimeoutSeconds: 6 * LIMITS.syncTimeoutSeconds,
      redrive: { maxReceiveCount: 3 },
    });
    expect(primary.calls.queues.find(({ name }) => name.endsWith('-sync-dead-letters.fifo'))?.fifo).toBe(true);
    expect(primary.calls.eventSources).toEqual([
      {
        queueArn: 'arn:aws:sqs:us-east-2:111122223333:twinmap-us-east-2-sync.fifo',
        functionName: 'twinmap-us-east-2-sync',
        batchSize: 1,
      },
    ]);
  });
});

describe('the functions', () => {
  it.each([
    ['dispatch', { memoryMb: 256, timeoutSeconds: 60, ephemeralStorageMb: 512 }],
    ['sync', { memoryMb: 2048, timeoutSeconds: 900, ephemeralStorageMb: 4096, reservedConcurrency: 10 }],
    ['api', { memoryMb: 1024, timeoutSeconds: 29, ephemeralStorageMb: 512 }],
    ['drain', { memoryMb: 512, timeoutSeconds: 300, ephemeralStorageMb: 512, reservedConcurrency: 1 }],
    ['repair', { memoryMb: 2048, timeoutSeconds: 900, ephemeralStorageMb: 512, reservedConcurrency: 1 }],
    ['proof', { memoryMb: 2048, timeoutSeconds: 900, ephemeralStorageMb: 512 }],
    ['audit', { memoryMb: 256, timeoutSeconds: 120, ephemeralStorageMb: 512, reservedConcurrency: 1 }],
  ])('%s has its memory, time, bundle and role', (name, shape) => {
    const made = primary.calls.functions.find((spec) => spec.name === `twinmap-us-east-2-${name}`);
    expect(made).toMatchObject({
      ...shape,
      handler: 'index.handler',
      codeDirectory: path.join(functionsDirectory, name),
      roleArn: `arn:aws:iam::111122223333:role/twinmap-us-east-2-${name}`,
    });
    const { inputs } = primary.one(`functions-${name}`);
    expect(inputs).toMatchObject({
      runtime: 'nodejs24.x',
      architectures: ['arm64'],
      loggingConfig: { logFormat: 'JSON', logGroup: `/aws/lambda/twinmap-us-east-2-${name}` },
    });
    expect(primary.one(`functions-${name}-logs`).inputs).toMatchObject({ retentionInDays: 90 });
  });

  it('get an environment that they can read', () => {
    for (const name of FUNCTION_NAMES) {
      const stores = parseStoresEnvironment(primary.environment(name));
      expect(stores).toMatchObject({
        role: 'primary',
        home: { region: 'us-east-2', graph: 'twinmap-us-east-2-graph' },
      });
      expect(stores.peer?.region).toBe(REACHING_THE_PEER.includes(name) ? 'us-west-2' : undefined);
    }
    expect(parseSources(primary.environment('sync'))).toMatchObject([
      { id: 'handbook', kind: 'git', config: { repositories: [{ branch: 'main' }] } },
    ]);
  });

  it('get the queue, the sources and the gate only where they use them', () => {
    const users = (variable: string): readonly string[] =>
      FUNCTION_NAMES.filter((name) => variable in primary.environment(name));
    expect(users('TWINMAP_SYNC_QUEUE_URL')).toEqual(['dispatch', 'sync', 'api']);
    expect(users('TWINMAP_SOURCES')).toEqual(['dispatch', 'sync', 'api']);
    expect(users('TWINMAP_GIT_HOSTS')).toEqual(['dispatch', 'sync']);
    expect(users('TWINMAP_GATE_PROFILE')).toEqual(['dispatch', 'sync', 'api']);
    expect(users('TWINMAP_EMBEDDER')).toEqual(['sync', 'api']);
    expect(users('TWINMAP_SIGNING_KEY')).toEqual(['audit']);
    expect(primary.environment('sync')['TWINMAP_GATE_APPLICATION']).toBe('app0001');
    expect(primary.environment('sync')['TWINMAP_SYNC_QUEUE_URL']).toMatch(/^http:\/\/127\.0\.0\.1/u);
  });

  it('are called by a role that may call what the schedules name, and keep what failed, and nothing else', () => {
    const targets = primary
      .ofType('aws:scheduler/schedule:Schedule')
      .map(({ inputs }) => inputs['target'] as { arn: string; deadLetterConfig: { arn: string } });
    const role = primary.provisioner.roles().get('arn:aws:iam::111122223333:role/twinmap-us-east-2-scheduler');
    const statements = [...(role?.policies.values() ?? [])].flat();
    const granted = statements
      .filter(({ Sid }) => Sid !== 'HomeKey')
      .flatMap(({ Action, Resource }) => Action.flatMap((action) => Resource.map((arn) => `${action} ${arn}`)));
    const needed = targets.flatMap(({ arn, deadLetterConfig }) => [
      `lambda:InvokeFunction ${arn}`,
      `sqs:SendMessage ${deadLetterConfig.arn}`,
    ]);
    expect(granted.toSorted()).toEqual([...new Set(needed)].toSorted());
    expect(statements.filter(({ Sid }) => Sid === 'HomeKey')).toMatchObject([
      {
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: { StringEquals: { 'kms:ViaService': ['sqs.us-east-2.amazonaws.com'] } },
      },
    ]);
  });

  it('may use in their own Region only what is made there', () => {
    const made = new Set(primary.result.resources.flatMap(({ outputs }) => everyText(outputs)));
    const named = [...primary.provisioner.roles().values()]
      .flatMap(({ policies }) => [...policies.values()].flat())
      .flatMap(({ Resource }) => Resource)
      .filter((arn) => arn.includes('us-east-2') && !arn.includes(':log-group:') && !arn.includes(':appconfig:'));
    expect(named.length).toBeGreaterThan(10);
    // An index has no ARN of its own among the outputs: it is its table's. Secrets of sources are named while the Region runs.
    expect(named.map((arn) => arn.replace(/\/index\/owed$/u, '')).filter((arn) => !made.has(arn))).toEqual([
      'arn:aws:secretsmanager:us-east-2:111122223333:secret:twinmap/*',
    ]);
  });
});

describe('the front', () => {
  it('is an internal load balancer with TLS 1.3 that drops invalid headers and keeps repeated ones', () => {
    expect(primary.one('api-front').inputs).toMatchObject({
      internal: true,
      dropInvalidHeaderFields: true,
      enableDeletionProtection: true,
      clientKeepAlive: 180,
    });
    expect(primary.one('api-https').inputs).toMatchObject({
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: expect.stringMatching(/TLS13/u) as string,
    });
    expect(primary.calls.listeners).toEqual([
      expect.objectContaining({
        functionName: 'twinmap-us-east-2-api',
        multiValueHeaders: true,
        healthCheckPath: '/healthz',
      }),
    ]);
    expect(primary.provisioner.frontUrl()).toBe('http://127.0.0.1:8443');
  });

  it('is let in only from the configured ranges, and is let out nowhere', () => {
    const rules = managed(primary).filter(({ type }) => type.startsWith('aws:vpc/'));
    expect(rules.map(({ inputs }) => inputs)).toMatchObject([{ cidrIpv4: '10.0.0.0/8', fromPort: 443, toPort: 443 }]);
    expect(primary.one('api-clients').inputs['egress']).toBeUndefined();
  });

  it('opens last: permission, attachment, listener', () => {
    expect(primary.one('api-attachment').dependencies).toContain(primary.one('api-permission').urn);
    expect(primary.one('api-https').dependencies).toContain(primary.one('api-attachment').urn);
  });
});

describe('a single Region', () => {
  it('has the same resources but for alarms about a pair, no peer in any environment, and no permission elsewhere', () => {
    const ofPair =
      /^alarms-(?:cycle-deferred|owed-age|owed-count|drift|peer-not-in-sync|proof-age|both-active|none-active|writes-peer-tables|writes-peer-vectors)$/u;
    expect(namesIn(single)).toEqual(namesIn(primary).filter((name) => !ofPair.test(name)));
    expect(
      everyText(single.result.resources.map(({ inputs }) => inputs)).filter((text) => text.includes('us-west-2')),
    ).toEqual([]);
    expect(Object.keys(single.environment('sync')).filter((name) => name.startsWith('TWINMAP_PEER'))).toEqual([]);
  });
});

describe('what the program says', () => {
  it('returns names and ids for people and for `npm start`', () => {
    expect(primary.result.outputs).toMatchObject({
      role: 'primary',
      region: 'us-east-2',
      endpoint: 'https://twinmap1.example.com',
      tableNames: ['twinmap-us-east-2-workspaces', 'twinmap-us-east-2-audit', 'twinmap-us-east-2-graph'],
      vectorIndex: 'chunks',
      gateApplication: 'app0001',
      scheduleName: 'twinmap-us-east-2-dispatch',
      proofFunction: 'twinmap-us-east-2-proof',
    });
    expect(primary.result.logs).toEqual([]);
  });

  it.each([
    [
      'mistakes in the settings, all of them, before any resource',
      { 'twinmap:role': 'x', 'twinmap:gateEpoch': 'y' },
      /^The stack's settings need mending:\ntwinmap:role .*\ntwinmap:gateEpoch [^\n]*$/u,
    ],
    [
      'functions that are not built',
      { 'twinmap:functionsDirectory': 'no/such/folder' },
      /^The functions are not built: no no\/such\/folder\/dispatch\/index\.mjs, .* Run: node scripts\/build-functions\.ts$/u,
    ],
  ])('tells %s', async (_what, overrides, message) => {
    const config = await exampleSettings('primary', overrides);
    const made: string[] = [];
    const onResource = async ({ name }: { readonly name: string }): Promise<never> => {
      made.push(name);
      throw new Error('nothing may be made');
    };
    const running = runProgram({ stack: 'primary', config, rootDirectory: REPOSITORY, preview: false, onResource });
    await expect(running).rejects.toThrow(message);
    expect(made).toEqual([]);
  });
});
