/** Opens both Regions of a pair with real clients, for commands that run on a laptop with static keys. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { CallBounds, ClientTarget } from '../../functions/aws/client-options.ts';
import { ConfigError } from '../../functions/domain/errors.ts';
import { classifyFailure, done, failed, type Result } from '../../functions/domain/failure.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { AppConfigGateSource } from '../../functions/gate/appconfig-source.ts';
import { openRegion } from '../../functions/handlers/open-region.ts';
import { FunctionClient } from '../aws/function-client.ts';
import { AppConfigGateControl } from '../aws/gate-control.ts';
import type { CommandInput } from '../command.ts';
import { type Address, type PairChoice, type PairFile, readPairFile, toStores } from '../pair-stores.ts';
import { textOption } from '../store-writes.ts';
import type { ApiAccess, ApiHealth, AskedFunction, FunctionAccess, GateAccess, RegionAccess } from './region-access.ts';

/** A person waits: one attempt that fails soon says more than two that fail late. */
export const OPS_BOUNDS: CallBounds = { connectTimeoutMs: 1000, callTimeoutMs: 4000, attemptsMax: 2 };

/** Of a Region that may be gone. Each attempt is a call that it may have to answer. */
export const BEST_EFFORT_BOUNDS: CallBounds = { connectTimeoutMs: 800, callTimeoutMs: 1100, attemptsMax: 1 };

/** A proof or a repair reads everything that a Region holds. */
const FUNCTION_TIMEOUT_MS = 600_000;

const CONFLICT_TRIES_MAX = 8;

/** A function that nobody has asked for a while starts first. */
const API_PATIENCE = 2;

interface Opening {
  readonly address: Address;
  readonly bounds: CallBounds;
}

const targetOf = ({ address, bounds }: Opening, endpoint: string | undefined): ClientTarget => ({
  region: address.region,
  ...(endpoint === undefined ? {} : { endpoint }),
  dnsServers: address.stores.dnsServers,
  bounds,
});

const openGate = (opening: Opening): GateAccess => {
  const { gate, region } = opening.address;
  if (gate === undefined) {
    throw new ConfigError(
      `the file does not say where the gate of ${region} is ("gate": application, environment, profile, strategy); ` +
        'write it anew with: twinmap config',
    );
  }
  const { application, environment, profile } = gate;
  const source = new AppConfigGateSource(targetOf(opening, gate.appconfigdata), { application, environment, profile });
  const control = new AppConfigGateControl(targetOf(opening, gate.appconfig), gate, {
    sleep,
    conflictTriesMax: CONFLICT_TRIES_MAX,
  });
  return { read: async () => source.read(), deploy: async (document) => control.deploy(document) };
};

const openFunctions = (opening: Opening): FunctionAccess => {
  const { functions, region } = opening.address;
  const nameOf = (asked: AskedFunction): string => {
    if (functions === undefined) {
      throw new ConfigError(
        `the file does not name the functions of ${region} ("functions": dispatch, drain, …); ` +
          'write it anew with: twinmap config',
      );
    }
    return functions[asked];
  };
  const ask = new FunctionClient(targetOf(opening, functions?.lambda));
  // One attempt: a function that was asked twice works twice.
  const patient = { ...opening, bounds: { ...opening.bounds, callTimeoutMs: FUNCTION_TIMEOUT_MS, attemptsMax: 1 } };
  const run = new FunctionClient(targetOf(patient, functions?.lambda));
  return {
    invoke: async (asked, payload) => {
      // A Region that hangs is found out by a short question: the long one would wait for its answer for minutes.
      const there = await ask.codeOf(nameOf(asked));
      return there.kind === 'failed' && there.failure.reason === 'unreachable'
        ? there
        : run.invoke(nameOf(asked), payload);
    },
    codeOf: async (asked) => ask.codeOf(nameOf(asked)),
  };
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const openApi = (endpoint: string, timeoutMs: number): ApiAccess => ({
  endpoint,
  get: async (path): Promise<Result<ApiHealth>> => {
    const startedAt = Date.now();
    try {
      const response = await fetch(new URL(path, endpoint), {
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      const fields = fieldsOf(await response.json());
      const endedAt = Date.now();
      const date = Date.parse(response.headers.get('date') ?? '');
      // The header has whole seconds: half of one, and half of the way, is the best guess.
      const skewMs = Math.round(date + 500 - (startedAt + endedAt) / 2);
      return done({
        status: response.status,
        durationMs: endedAt - startedAt,
        fields,
        ...(Number.isNaN(date) ? {} : { skewMs }),
      });
    } catch (error) {
      return failed(classifyFailure(error));
    }
  },
});

export const openAccess = (address: Address, bounds: CallBounds): RegionAccess => {
  const opening = { address, bounds };
  return {
    role: address.role,
    region: address.region,
    stores: openRegion(toStores(address), bounds),
    gate: openGate(opening),
    functions: openFunctions(opening),
    ...(address.endpoint === undefined ? {} : { api: openApi(address.endpoint, API_PATIENCE * bounds.callTimeoutMs) }),
  };
};

export interface OpenedAddresses {
  readonly file: PairFile;
  readonly addresses: Readonly<Record<Role, Address>>;
}

export const placeOf = (input: CommandInput): Omit<PairChoice, 'region'> => ({
  file: textOption(input, 'stores'),
  dataDirectory: textOption(input, 'data') ?? '.twinmap',
});

/** Both Regions of a pair; a single-Region install has nothing to fail over to. */
export const readAddresses = async (place: Omit<PairChoice, 'region'>): Promise<OpenedAddresses> => {
  const file = await readPairFile(place);
  const [primary, secondary] = ROLES.map((role) => file.regions.find((one) => one.role === role));
  if (primary === undefined || secondary === undefined) {
    throw new ConfigError('this is a single-Region install: there is no other Region to move the work to');
  }
  return { file, addresses: { primary, secondary } };
};
