/** Processes of one embedded Region: its own and those of its functions, found by process group (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

const GROUP_FIELD = 2;

/** Fields of `/proc/<pid>/stat` behind the name, which may hold spaces and brackets. */
const groupOf = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[GROUP_FIELD]);
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
};

/** All processes of the group but its leader: the execution environments of functions. */
export const functionProcesses = (leader: number): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => pid !== leader && groupOf(pid) === leader);

/** SIGKILL; a process that is gone already was killed by somebody else, which is as good. */
export const killNow = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
};
