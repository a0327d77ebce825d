/**
 * What one run of the program declared, and the rules that the real engine would apply on the way: one resource per URN,
 * no default provider where the stack disables it. The first failure decides what the run says at its end.
 */
import { setTimeout } from 'node:timers/promises';

import { ProgramError } from './program-error.ts';
import type {
  LogEntry,
  OnResource,
  ProvisionedResource,
  Properties,
  RecordedInvoke,
  RecordedResource,
  RegisteredResource,
} from './registered-resource.ts';

export const STACK_TYPE = 'pulumi:pulumi:Stack';

const SETTLE_MS_MAX = 10_000;

export interface RecordingOptions {
  readonly project: string;
  readonly stack: string;
  readonly rootDirectory: string;
  readonly preview: boolean;
  readonly config: Readonly<Record<string, string>>;
  readonly onResource: OnResource;
}

export class Recording {
  readonly resources: RecordedResource[] = [];
  readonly invokes: RecordedInvoke[] = [];
  readonly logs: LogEntry[] = [];
  readonly options: RecordingOptions;
  outputs: Properties = {};
  #failure: Error | undefined;
  readonly #urns = new Set<string>();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #disabledProviders: readonly string[];

  constructor(options: RecordingOptions) {
    this.options = options;
    this.#disabledProviders = disabledProviders(options.config);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  fail(error: Error): void {
    this.#failure ??= error;
  }

  urnOf(type: string, name: string, parent: string): string {
    const [, , parentType = ''] = parent.split('::');
    const qualified = parentType === '' || parentType === STACK_TYPE ? type : `${parentType}$${type}`;
    return `urn:pulumi:${this.options.stack}::${this.options.project}::${qualified}::${name}`;
  }

  /** Makes the resource (not in a preview, and no component) and keeps it. */
  async register(resource: RegisteredResource): Promise<ProvisionedResource> {
    this.#refuse(resource);
    const made = await this.#make(resource);
    this.resources.push({ ...resource, ...made });
    return made;
  }

  /** A failed run is reported only when nothing of it is still being made. */
  async settle(): Promise<void> {
    const bound = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#inFlight),
      setTimeout(SETTLE_MS_MAX, undefined, { signal: bound.signal, ref: false }),
    ]);
    bound.abort();
  }

  async #make(resource: RegisteredResource): Promise<ProvisionedResource> {
    if (this.options.preview || !(resource.custom || resource.remote === true)) {
      return { id: '', outputs: {} };
    }
    const making = this.options.onResource(resource);
    this.#inFlight.add(making);
    try {
      return await making;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ProgramError(`${resource.name} (${resource.type}) was not made: ${why}`, { cause: error });
    } finally {
      this.#inFlight.delete(making);
    }
  }

  #refuse(resource: RegisteredResource): void {
    const { urn, type } = resource;
    if (this.#urns.has(urn)) {
      throw new ProgramError(`The program declares ${urn} twice; two resources of one type and parent need two names.`);
    }
    this.#urns.add(urn);
    const [packageName = ''] = type.split(':');
    if (resource.custom && resource.provider === undefined && this.#disabledProviders.includes(packageName)) {
      throw new ProgramError(
        `${resource.name} (${type}) has no explicit provider, and the stack disables the default one: it would land in whatever Region the shell names.`,
      );
    }
  }
}

const disabledProviders = (config: Readonly<Record<string, string>>): readonly string[] => {
  const text = config['pulumi:disable-default-providers'];
  const parsed: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter((item) => typeof item === 'string') : [];
};
