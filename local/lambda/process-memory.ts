/** How much memory a process holds, asked of the kernel: its own counters can't be trusted, and V8's see no buffers. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const KIB = 1024;
const PS_TIMEOUT_MS = 2000;

export interface ProcessMemory {
  readonly residentBytes: number;
  /** The kernel's high-water mark since the process began: a spike between two looks is in it. Not known everywhere. */
  readonly peakBytes?: number;
}

const kilobytesOf = (status: string, field: string): number | undefined => {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'mu').exec(status);
  return found?.[1] === undefined ? undefined : Number(found[1]);
};

const readLinux = async (pid: number): Promise<ProcessMemory | undefined> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const resident = kilobytesOf(status, 'VmRSS');
  const peak = kilobytesOf(status, 'VmHWM');
  // A process that has ended but is not yet reaped has neither line.
  if (resident === undefined) {
    return undefined;
  }
  return { residentBytes: resident * KIB, ...(peak === undefined ? {} : { peakBytes: peak * KIB }) };
};

const readOther = async (pid: number): Promise<ProcessMemory | undefined> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: PS_TIMEOUT_MS }, (error, stdout) => {
    if (error === null) {
      resolve(stdout);
    } else {
      reject(error);
    }
  });
  const kilobytes = Number((await promise).trim());
  return Number.isFinite(kilobytes) && kilobytes > 0 ? { residentBytes: kilobytes * KIB } : undefined;
};

/** `undefined`: the process is gone, which its owner learns from its exit and not from here. */
export const readProcessMemory = async (pid: number): Promise<ProcessMemory | undefined> => {
  try {
    return await (process.platform === 'linux' ? readLinux(pid) : readOther(pid));
  } catch {
    return undefined;
  }
};
