/**
 * Ends the processes of somebody who was killed: the execution environments of a Region, the language host of a deployment. An
 * environment exits when its channel closes, but one that is busy in a loop never sees that; so a shell of 1 MB holds the list of process ids, and kills them when its own input ends,
 * which the kernel does for any death of the Region.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

const SCRIPT = `
trap '' INT TERM HUP
pids=''
while read -r verb pid; do
  case "$verb" in
    add) pids="$pids $pid" ;;
    del) kept=''
      for known in $pids; do [ "$known" = "$pid" ] || kept="$kept $known"; done
      pids="$kept" ;;
  esac
done
for known in $pids; do kill -9 "$known" 2>/dev/null; done
exit 0
`;

export interface Reaper {
  add(pid: number): void;
  remove(pid: number): void;
  close(): void;
}

const ignore = (): void => {};

const startShell = (): ChildProcess => {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { env: {}, stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell the environments still exit on their closed channel; only a looping one would outlive a killed Region.
  shell.on('error', ignore);
  shell.stdin.on('error', ignore);
  shell.unref();
  return shell;
};

/** The shell starts with the first environment, so that a host without invocations has no process at all. */
export const createReaper = (): Reaper => {
  let shell: ChildProcess | undefined;
  const tell = (line: string): void => {
    shell ??= startShell();
    shell.stdin?.write(line);
  };
  return {
    add: (pid) => {
      tell(`add ${pid}\n`);
    },
    remove: (pid) => {
      tell(`del ${pid}\n`);
    },
    close: () => {
      shell?.stdin?.end();
    },
  };
};
