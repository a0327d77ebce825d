/** What the program declared, as the engine sees it: also what unit-test mocks hide (`protect`, `ignoreChanges`, dependencies). */

export type Properties = Readonly<Record<string, unknown>>;

export interface RegisteredResource {
  readonly urn: string;
  /** For instance `aws:dynamodb/table:Table`. */
  readonly type: string;
  readonly name: string;
  /** False for components: groups that exist in the program only. */
  readonly custom: boolean;
  /** A component that a plugin makes on AWS: its children are not in the program. */
  readonly remote?: boolean;
  /** Providers that it hands to its children, by package; of a remote component only. */
  readonly providers?: Readonly<Record<string, string>>;
  /** URN; absent for the stack itself. */
  readonly parent?: string;
  /** Secrets unwrapped, a file archive as its absolute path, an unknown value as `UNKNOWN`. */
  readonly inputs: Properties;
  /** Inputs that arrived as secrets. */
  readonly secretInputs: readonly string[];
  /** `<urn>::<id>` of the explicit provider; absent for the default one. */
  readonly provider?: string;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  /** URNs. */
  readonly dependencies: readonly string[];
}

export interface ProvisionedResource {
  readonly id: string;
  readonly outputs: Properties;
}

export interface RecordedResource extends RegisteredResource, ProvisionedResource {}

/** Makes a declared resource, or pretends to. Components of the program are not passed on, remote ones are. */
export type OnResource = (resource: RegisteredResource) => Promise<ProvisionedResource>;

export interface RecordedInvoke {
  readonly token: string;
  readonly arguments: Properties;
  readonly provider?: string;
}

export interface LogEntry {
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
}
