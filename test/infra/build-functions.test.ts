/** The build of a tiny project: same sources, same bytes; what is missing is named. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MUTANTS } from '../../functions/domain/mutants.ts';
import { buildFunctions, BUILT_FUNCTIONS, entryOf } from '../../scripts/build-functions.ts';

const ENTRY = `import { greet } from '../greet.ts';
const os = require('node:os') as typeof import('node:os');
export const handler = (event: string): string => greet(event) + os.EOL.length;
`;

const folders: string[] = [];

const project = async (): Promise<string> => {
  const root = await mkdtemp(path.join(tmpdir(), 'twinmap build '));
  folders.push(root);
  await mkdir(path.join(root, 'functions/handlers'), { recursive: true });
  await mkdir(path.join(root, 'functions/embed/model'), { recursive: true });
  await mkdir(path.join(root, 'examples/survey/functions'), { recursive: true });
  await writeFile(
    path.join(root, 'functions/greet.ts'),
    'export const greet = (name: string): string => `hello ${name} é `;\n',
  );
  await writeFile(path.join(root, 'functions/embed/model/static-256.bin'), Buffer.from([1, 2, 3]));
  for (const name of BUILT_FUNCTIONS) {
    await writeFile(
      path.join(root, entryOf(name)),
      name === 'survey' ? ENTRY.replace('../greet', '../../../functions/greet') : ENTRY,
    );
  }
  return root;
};

let root: string;

beforeEach(async () => {
  root = await project();
});

afterEach(async () => {
  await Promise.all(folders.splice(0).map(async (folder) => rm(folder, { recursive: true, force: true })));
});

describe('buildFunctions', () => {
  it('gives the same bytes from two folders', async () => {
    const other = await project();
    const first = await buildFunctions({ outDir: path.join(root, 'out'), rootDirectory: root });
    const second = await buildFunctions({ outDir: path.join(other, 'elsewhere/out'), rootDirectory: other });
    expect(first.built.map(({ name }) => name)).toEqual([...BUILT_FUNCTIONS]);
    expect(second.built.map(({ sha256 }) => sha256)).toEqual(first.built.map(({ sha256 }) => sha256));
  });

  it('makes an ES module that runs, with `require` for packages that need it', async () => {
    const { built } = await buildFunctions({ outDir: path.join(root, 'out'), rootDirectory: root, only: ['proof'] });
    const module = (await import(pathToFileURL(built[0]?.file ?? '').href)) as { handler: (event: string) => string };
    expect(module.handler('you')).toBe('hello you é 1');
  });

  it('puts the model beside the functions that embed, and nothing else in any folder', async () => {
    const outDir = path.join(root, 'out');
    await mkdir(path.join(outDir, 'api'), { recursive: true });
    await writeFile(path.join(outDir, 'api/stale.txt'), 'left over');
    await buildFunctions({ outDir, rootDirectory: root });
    const entries = async (name: string): Promise<string[]> => (await readdir(path.join(outDir, name))).toSorted();
    await expect(entries('api')).resolves.toEqual(['index.mjs', 'static-256.bin']);
    await expect(entries('sync')).resolves.toEqual(['index.mjs', 'static-256.bin']);
    await expect(entries('dispatch')).resolves.toEqual(['index.mjs']);
    await expect(readFile(path.join(outDir, 'api/static-256.bin'))).resolves.toEqual(Buffer.from([1, 2, 3]));
  });

  it('does not touch a bundle that is up to date, since a running Region may be loading it', async () => {
    const options = { outDir: path.join(root, 'out'), rootDirectory: root, only: ['dispatch'] } as const;
    const [before] = (await buildFunctions(options)).built;
    const { ino } = await stat(before?.file ?? '');
    await buildFunctions(options);
    expect((await stat(before?.file ?? '')).ino).toBe(ino);
  });

  it('names an entry or model that is missing, and leaves it out only where development says so', async () => {
    await rm(path.join(root, 'functions/handlers/api.ts'));
    await rm(path.join(root, 'functions/embed/model/static-256.bin'));
    const options = { outDir: path.join(root, 'out'), rootDirectory: root };
    await expect(buildFunctions({ ...options, only: ['api'] })).rejects.toThrow(
      /function api can't be built: functions\/handlers\/api\.ts and functions\/embed\/model\/static-256\.bin/u,
    );
    const { built, skipped } = await buildFunctions({ ...options, development: true });
    expect(built.map(({ name }) => name)).toEqual(['dispatch', 'drain', 'repair', 'proof', 'audit', 'survey']);
    expect(skipped).toHaveLength(2);
  });

  it('leaves no planted defect in a bundle, neither its name nor its branch', async () => {
    await writeFile(
      path.join(root, 'functions/mutants.ts'),
      "export const isMutant = (name: string): boolean => name === 'planted';\n",
    );
    await writeFile(
      path.join(root, 'functions/greet.ts'),
      "import { isMutant } from './mutants.ts';\n" +
        "export const greet = (name: string): string => (isMutant('wrong-name') ? 'broken branch' : `hello ${name} `);\n",
    );
    const { built } = await buildFunctions({ outDir: path.join(root, 'out'), rootDirectory: root, only: ['proof'] });
    const code = await readFile(built[0]?.file ?? '', 'utf8');
    expect(code).toContain('hello');
    expect(code).not.toMatch(/isMutant|wrong-name|broken branch|planted/u);
  });

  it('leaves none of the simulator in what is deployed', async () => {
    const { built } = await buildFunctions({ outDir: path.join(root, 'out'), development: true });
    expect(built.length).toBeGreaterThan(3);
    for (const { file, name } of built) {
      const code = await readFile(file, 'utf8');
      expect(`${name}: ${/isMutant|plantMutant|NOT pk = :/u.exec(code)?.[0] ?? 'clean'}`).toBe(`${name}: clean`);
      expect(MUTANTS.filter((mutant) => code.includes(mutant))).toEqual([]);
    }
  });

  it('says which import can not be resolved', async () => {
    await writeFile(path.join(root, 'functions/handlers/proof.ts'), "import 'no-such-package';\n");
    const options = { outDir: path.join(root, 'out'), rootDirectory: root, only: ['proof'] } as const;
    await expect(buildFunctions(options)).rejects.toThrow(/function proof can't be built: [^]*no-such-package/u);
  });
});
