/** Many files through the real sync function: a git repository, the Lambda host, the declared memory. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { watchCycles } from '../../local/start/cycle-watch.ts';
import { openSources } from '../../local/start/sources.ts';
import { syncOnce } from '../../local/start/sync-once.ts';
import { judge } from '../../local/start/verdict.ts';
import { RegionPairLink } from '../../local/region/pair.ts';

export interface MemoryReport {
  readonly files: number;
  readonly acknowledged: boolean;
  readonly identical: boolean;
  readonly wallMs: number;
  readonly invocations: number;
  readonly maxRssMb: number;
  readonly memoryMb: number;
}

const FILES_A_FOLDER = 100;

const sourceOf = (n: number): string =>
  [
    `/** Handles order ${n} of the shop: what it costs, who pays, when it is sent. */`,
    ...Array.from(
      { length: 12 },
      (_, at) =>
        `export const step${n}x${at} = (amount: number): number => {\n  const fee = amount * ${n % 97} + ${at};\n  return fee > ${n} ? fee - ${at} : fee + ${at};\n};\n`,
    ),
  ].join('\n');

const makeRepository = async (directory: string, files: number): Promise<void> => {
  for (let n = 0; n < files; n += 1) {
    const folder = path.join(directory, `src/part${Math.floor(n / FILES_A_FOLDER)}`);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, `order-${n}.ts`), sourceOf(n));
  }
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];
  for (const command of [
    ['init', '--quiet'],
    ['add', '--all'],
    ['commit', '--quiet', '--message', 'generated'],
  ]) {
    execFileSync('git', ['-C', directory, ...identity, ...command]);
  }
};

/** `REPORT … Memory Size: 2048 MB Max Memory Used: 312 MB`, as Lambda writes it. */
const readReport = (text: string): { readonly memoryMb: number; readonly maxRssMb: number } | undefined => {
  const [, size, used] = /^REPORT .*Memory Size: (\d+) MB.*Max Memory Used: (\d+) MB/u.exec(text) ?? [];
  return size === undefined || used === undefined ? undefined : { memoryMb: Number(size), maxRssMb: Number(used) };
};

export const measureMemory = async (
  rootDirectory: string,
  directory: string,
  files: number,
  say: (line: string) => void,
): Promise<MemoryReport> => {
  say(`making a repository of ${files} source files`);
  const repository = path.join(directory, 'repository');
  await mkdir(repository);
  await makeRepository(repository, files);
  const sources = await openSources([repository]);
  const watch = watchCycles();
  const reports: { readonly memoryMb: number; readonly maxRssMb: number }[] = [];
  const failures: string[] = [];
  const pair = await RegionPairLink.open({
    rootDirectory,
    dataDirectory: path.join(directory, 'data'),
    intervalMs: undefined,
    onEvent: (_role, event) => {
      if (event.kind === 'function-failed') {
        failures.push(event.detail);
      }
      if (event.kind === 'line') {
        watch.take(event.text);
        const report = event.functionName.includes('sync') ? readReport(event.text) : undefined;
        reports.push(...(report === undefined ? [] : [report]));
      }
    },
  });
  try {
    const { gitHosts, gitLoopbackOrigin } = sources;
    const provisioned = await pair.provision({ sources: sources.sources, gitHosts, gitLoopbackOrigin });
    const startedAt = performance.now();
    const expected = sources.sources.map(({ id }) => id);
    const result = await syncOnce({ pair, provisioned, watch, expected, failures, now: () => performance.now() });
    const verdict = judge(result);
    for (const finding of verdict.findings) {
      say(finding);
    }
    return {
      files,
      acknowledged: verdict.acknowledged,
      identical: verdict.identical,
      wallMs: performance.now() - startedAt,
      invocations: reports.length,
      maxRssMb: Math.max(0, ...reports.map(({ maxRssMb }) => maxRssMb)),
      memoryMb: reports[0]?.memoryMb ?? 0,
    };
  } finally {
    await pair.stop();
    await sources.close();
  }
};
