/** What a command may ask of one Region: its stores, its gate, its functions and its API. Contracts only; tests bring their own. */
import type { Result } from '../../functions/domain/failure.ts';
import type { RegionName, Role } from '../../functions/domain/region.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import type { DocumentReading } from '../../functions/gate/decide.ts';
import type { GateDocument } from '../../functions/gate/document.ts';

export interface GateAccess {
  /** In a fresh session of the data plane. */
  read(): Promise<DocumentReading>;
  /** A new version and its deployment, through the control plane. */
  deploy(document: GateDocument): Promise<Result<void>>;
}

export type AskedFunction = 'dispatch' | 'drain' | 'repair' | 'proof';

export interface FunctionAccess {
  invoke(name: AskedFunction, payload: unknown): Promise<Result<unknown>>;
  codeOf(name: AskedFunction): Promise<Result<string>>;
}

export interface ApiHealth {
  readonly status: number;
  readonly durationMs: number;
  /** The server's clock minus this machine's, in ms, to the second; absent where it did not tell. */
  readonly skewMs?: number;
  /** The open fields of `/v1/status`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ApiAccess {
  readonly endpoint: string;
  get(path: string): Promise<Result<ApiHealth>>;
}

export interface RegionAccess {
  readonly role: Role;
  readonly region: RegionName;
  readonly stores: RegionStores;
  readonly gate: GateAccess;
  readonly functions: FunctionAccess;
  /** Absent where nobody said where the API is. */
  readonly api?: ApiAccess | undefined;
}

export type PairAccess = Readonly<Record<Role, RegionAccess>>;

export const PEER_OF: Readonly<Record<Role, Role>> = { primary: 'secondary', secondary: 'primary' };
