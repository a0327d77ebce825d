/** Runs a stack's real program through the monitor, with the provisioner over recording services behind it. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { FUNCTION_NAMES } from '../../infra/names.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { type ProgramResult, runProgram } from '../../local/monitor/run-program.ts';
import { createProvisioner, type Provisioner } from '../../local/provision/provisioner.ts';
import { type RecordedCalls, recordingServices } from '../local/provision/recording-services.ts';
import { exampleSettings, REPOSITORY, type Settings } from './complete-settings.ts';

/** Folders that look built: the program only asks whether they are there. */
export const emptyBundles = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinmap-functions-'));
  for (const name of FUNCTION_NAMES) {
    await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, name, 'index.mjs'), 'export const handler = () => null;\n');
  }
  return folder;
};

export class StackRun {
  readonly result: ProgramResult;
  readonly calls: RecordedCalls;
  readonly provisioner: Provisioner;

  constructor(result: ProgramResult, calls: RecordedCalls, provisioner: Provisioner) {
    this.result = result;
    this.calls = calls;
    this.provisioner = provisioner;
  }

  ofType(type: string): readonly RecordedResource[] {
    return this.result.resources.filter((resource) => resource.type === type);
  }

  one(name: string): RecordedResource {
    const found = this.result.resources.filter((resource) => resource.name === name);
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new Error(`${found.length} resources are named ${name}`);
    }
    return only;
  }

  /** The declared environment of a function. */
  environment(functionName: string): Settings {
    const declared = this.calls.functions.find(({ name }) => name.endsWith(`-${functionName}`));
    return declared?.environment ?? {};
  }
}

export const runStack = async (
  stack: 'primary' | 'secondary',
  functionsDirectory: string,
  overrides: Settings = {},
): Promise<StackRun> => {
  const config = await exampleSettings(stack, { 'twinmap:functionsDirectory': functionsDirectory, ...overrides });
  const services = recordingServices(config['aws:region'] ?? '');
  const provisioner = createProvisioner(services, {});
  const { onResource } = provisioner;
  const result = await runProgram({ stack, config, rootDirectory: REPOSITORY, preview: false, onResource });
  return new StackRun(result, services.calls, provisioner);
};
