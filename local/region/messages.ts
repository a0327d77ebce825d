/** What the parent and a Region's process say to each other: questions with a number and their answers, and events. */
import type { AccessCount, Denial } from '../iam/access-guard.ts';
import type { Principal } from '../iam/principal.ts';
import type { AssumableRole } from '../iam/trust.ts';
import type { InvokeOutcome } from '../lambda/outcome.ts';
import type { CallStatistics } from './call-counter.ts';
import type { FunctionName } from '../../infra/names.ts';
import type { FaultRule } from '../services/faults.ts';
import type { Endpoints } from '../services/gateway.ts';
import type { NameMode } from '../services/name-server.ts';
import type { Applied } from '../up/deployed-stack.ts';

export interface ProvisionOrder {
  /** The stack's name: `primary` or `secondary`. */
  readonly stack: string;
  /** `twinmap:…` values that replace those of the stack file. */
  readonly overrides: Readonly<Record<string, string>>;
  /** In place of `Pulumi.<stack>.yaml`. */
  readonly file?: string | undefined;
}

export interface Provisioned {
  readonly region: string;
  readonly endpoint: string;
  /** Function names by what they do. */
  readonly functions: Readonly<Record<FunctionName, string>>;
  readonly resources: number;
  readonly active: boolean;
  readonly epoch: number;
}

/** What an `up` did, and what the gate document says afterwards. */
export interface AppliedGate extends Applied {
  readonly active: boolean;
  readonly epoch: number;
}

export type Question =
  | { readonly kind: 'provision'; readonly order: ProvisionOrder }
  /** Brings a changed stack file to the Region as it runs. */
  | { readonly kind: 'up'; readonly order: ProvisionOrder }
  /** Fires the schedule now. */
  | { readonly kind: 'tick' }
  /** Answers when no message is queued or in flight. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'invoke'; readonly functionName: string; readonly payload: unknown }
  | { readonly kind: 'set-fault'; readonly rule: FaultRule }
  | { readonly kind: 'clear-faults' }
  | { readonly kind: 'statistics' }
  /** The other Region's functions, with their roles: their calls are checked here, too. */
  | { readonly kind: 'know-peer'; readonly principals: readonly Principal[] }
  /** The other Region's roles that functions of this one take on. */
  | { readonly kind: 'know-roles'; readonly roles: readonly AssumableRole[] }
  /** Who has asked for what since the Region's start. */
  | { readonly kind: 'access' }
  /** A sign of life. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop' };

export interface Answers {
  readonly provision: Provisioned;
  readonly up: AppliedGate;
  readonly tick: InvokeOutcome;
  readonly idle: null;
  readonly invoke: InvokeOutcome;
  readonly 'set-fault': null;
  readonly 'clear-faults': null;
  readonly statistics: CallStatistics;
  readonly 'know-peer': null;
  readonly 'know-roles': null;
  readonly access: readonly AccessCount[];
  readonly ping: null;
  readonly stop: null;
}

export interface Asked {
  readonly id: number;
  readonly question: Question;
}

export type RegionEvent =
  /** The services answer. */
  | { readonly kind: 'opened'; readonly endpoints: Endpoints }
  /** What becomes of one of the Region's names: the parent's name server answers for all Regions. */
  | { readonly kind: 'name-mode'; readonly name: string; readonly mode: NameMode }
  /** The process ends after this: its data folder can't be used. */
  | { readonly kind: 'not-opened'; readonly why: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly name: string; readonly message: string }
  /** One line that a function wrote. */
  | { readonly kind: 'line'; readonly functionName: string; readonly text: string }
  /** A function did not return: crashed, timed out, out of memory. */
  | {
      readonly kind: 'function-failed';
      readonly functionName: string;
      readonly outcome: string;
      readonly detail: string;
    }
  /** A function is declared: this is the role that it calls as, in both Regions. */
  | { readonly kind: 'principal'; readonly principal: Principal }
  /** Roles that another account may take on are declared: the other Region's STS is asked for them. */
  | { readonly kind: 'roles'; readonly roles: readonly AssumableRole[] }
  /** The first call of its kind that a role does not allow; the later ones are counted. */
  | { readonly kind: 'access-denied'; readonly denial: Denial }
  /** So many resources are provisioned. */
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'damage'; readonly what: string };
