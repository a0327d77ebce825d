/**
 * What is wrong with a Region, for everybody who meets it: functions of both Regions at its services, the operator's commands, people
 * and the router at its API. Data, so that a scenario says what happens and nothing of how.
 */
import type { ServiceName } from '../../local/services/service.ts';
import type { WireMode } from './wire/wire-modes.ts';

export interface FunctionFault {
  readonly services: readonly (ServiceName | '*')[];
  /** As the embedded Region's own rules name it. */
  readonly mode: string;
  readonly delayMs?: number;
}

export interface Trouble {
  /** For the timeline: what somebody would say on the phone. */
  readonly what: string;
  /** What functions meet; `namesOnly`: names have no address any more, and open connections live on. */
  readonly functions?: FunctionFault;
  readonly namesOnly?: readonly ServiceName[];
  /** What the operator's commands meet, at some services or at all. */
  readonly operator?: { readonly mode: WireMode; readonly services?: readonly string[] };
  /** What people and the router meet at the API. */
  readonly people?: { readonly mode: WireMode; readonly keepsWarm?: boolean };
  /** What functions of both Regions meet on their way to the other one; only where a scenario `isPartitioned`. */
  readonly between?: WireMode;
  /** Functions lose their environments, and with them every address and connection that they knew. */
  readonly isCold?: boolean;
}
