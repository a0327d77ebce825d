/**
 * What a running Region was made from, and how a changed stack file is brought to it. The program runs once: what is unchanged
 * keeps its outputs, what changes is judged, and only when all of it can be applied is anything applied. A Region keeps what it
 * has where an `up` is refused.
 */
import { InvariantError } from '../../functions/domain/errors.ts';
import type {
  OnResource,
  ProvisionedResource,
  RecordedResource,
  RegisteredResource,
} from '../monitor/registered-resource.ts';
import { codePrintOf } from './code-print.ts';
import { changedProperties, judgeChange, type ResourceChange } from './resource-changes.ts';

interface Kept {
  readonly resource: RegisteredResource;
  readonly made: ProvisionedResource;
  readonly codePrint: string;
}

export interface Applied {
  readonly outcome: 'applied' | 'unchanged' | 'refused';
  readonly unchanged: number;
  readonly changes: readonly ResourceChange[];
}

interface Step {
  readonly change: ResourceChange;
  readonly resource: RegisteredResource;
  readonly codePrint: string;
  /** Set where it was made already, because others needed its outputs. */
  readonly made?: ProvisionedResource;
}

/** A component of the program is a name; one that a plugin makes (`remote`) is made like any other resource. */
const isMade = ({ custom, remote }: RegisteredResource): boolean => custom || remote === true;

const roleNameOf = ({ inputs }: RegisteredResource): unknown => inputs['role'];

export class DeployedStack {
  readonly #kept = new Map<string, Kept>();
  /** Makes a resource for real, in the Region. */
  readonly #make: OnResource;

  constructor(make: OnResource) {
    this.#make = make;
  }

  /** Of the start's own run: everything was made. */
  async remember(resources: readonly RecordedResource[]): Promise<void> {
    this.#kept.clear();
    for (const { id, outputs, ...resource } of resources.filter((one) => isMade(one))) {
      this.#kept.set(resource.urn, { resource, made: { id, outputs }, codePrint: await codePrintOf(resource) });
    }
  }

  /** `run` runs the program with the given handler, and answers with what it declared. */
  async up(run: (onResource: OnResource) => Promise<readonly RecordedResource[]>): Promise<Applied> {
    if (this.#kept.size === 0) {
      throw new InvariantError('an up came before the Region was provisioned');
    }
    const steps: Step[] = [];
    const declared = await this.#runProgram(run, steps);
    const gone = declared === undefined ? [] : this.#gone(declared);
    const changes = [...steps.map(({ change }) => change), ...gone.map(({ change }) => change)];
    const unchanged = Math.max(0, (declared ?? []).filter((one) => isMade(one)).length - steps.length);
    if (changes.length === 0) {
      return { outcome: 'unchanged', unchanged, changes };
    }
    if (changes.some(({ how }) => how === 'refused')) {
      return { outcome: 'refused', unchanged, changes };
    }
    for (const step of steps) {
      await this.#apply(step);
    }
    for (const { urn } of gone) {
      this.#kept.delete(urn);
    }
    await this.#renewPrincipals(steps);
    return { outcome: 'applied', unchanged, changes };
  }

  /** Undefined where the program stumbled over a resource that is refused anyway: that is what a person must be told. */
  async #runProgram(
    run: (onResource: OnResource) => Promise<readonly RecordedResource[]>,
    steps: Step[],
  ): Promise<readonly RecordedResource[] | undefined> {
    try {
      return await run(async (resource) => this.#look(resource, steps));
    } catch (error) {
      if (steps.some(({ change }) => change.how === 'refused')) {
        return undefined;
      }
      throw error;
    }
  }

  /** While the program runs: an unchanged resource and one that is changed in place keep their ids and outputs. */
  async #look(resource: RegisteredResource, steps: Step[]): Promise<ProvisionedResource> {
    const kept = this.#kept.get(resource.urn);
    const codePrint = await codePrintOf(resource);
    if (kept === undefined) {
      const change = judgeChange('create', resource);
      const made = change.how === 'refused' ? { id: '', outputs: {} } : await this.#make(resource);
      steps.push({ change, resource, codePrint, made });
      return made;
    }
    const properties = changedProperties(kept.resource.inputs, resource.inputs);
    const all = codePrint === kept.codePrint ? properties : [...new Set([...properties, 'code'])];
    if (all.length === 0) {
      return kept.made;
    }
    const change = judgeChange('update', resource, all);
    const made = change.how === 'now' ? await this.#make(resource) : undefined;
    steps.push({ change, resource, codePrint, ...(made === undefined ? {} : { made }) });
    return made ?? kept.made;
  }

  #gone(declared: readonly RecordedResource[]): { readonly urn: string; readonly change: ResourceChange }[] {
    const urns = new Set(declared.map(({ urn }) => urn));
    return [...this.#kept]
      .filter(([urn]) => !urns.has(urn))
      .map(([urn, { resource }]) => ({ urn, change: judgeChange('delete', resource) }));
  }

  async #apply({ resource, codePrint, made }: Step): Promise<void> {
    this.#kept.set(resource.urn, { resource, made: made ?? (await this.#make(resource)), codePrint });
  }

  /** A function's calls are checked against its role as it was when the function was made: it is made again under the new one. */
  async #renewPrincipals(steps: readonly Step[]): Promise<void> {
    const made = new Set(steps.map(({ resource }) => resource.urn));
    const roles = new Set(
      steps
        .filter(({ change }) => change.type === 'aws:iam/rolePolicy:RolePolicy')
        .map((step) => roleNameOf(step.resource)),
    );
    const functions = [...this.#kept.values()].filter(
      ({ resource }) => resource.type === 'aws:lambda/function:Function' && !made.has(resource.urn),
    );
    for (const { resource } of functions) {
      const role = roleNameOf(resource);
      if (typeof role === 'string' && roles.has(role.split('/').at(-1))) {
        await this.#make(resource);
      }
    }
  }
}
