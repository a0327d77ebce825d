/** What a process prints, on either stream, as lines. */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createLineSplitter } from './log-lines.ts';

export interface ProcessOutput {
  /** Reads what the process has written so far, a last line without its newline included: it belongs to this request. */
  drain(): Promise<void>;
}

export const readOutput = (child: ChildProcess, onLine: (line: string) => void): ProcessOutput => {
  const splitters = [child.stdout, child.stderr].map((stream) => {
    const splitter = createLineSplitter(onLine);
    stream?.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
    });
    stream?.on('end', () => {
      splitter.end();
    });
    // Node's typing hides that a pipe is a socket; an open one would keep an otherwise finished program alive.
    (stream as Socket | null)?.unref();
    return splitter;
  });
  return {
    drain: async () => {
      // The rest of this turn of the event loop and one whole turn more: every readable pipe is read once in it.
      await setImmediate();
      await setImmediate();
      for (const splitter of splitters) {
        splitter.end();
      }
    },
  };
};
