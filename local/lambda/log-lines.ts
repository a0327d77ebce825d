/**
 * Cuts a process's output into lines. A metric in embedded format is one JSON line, so a line is kept whole up to
 * CloudWatch's own event limit; only what is longer is cut, and never inside a character.
 */

/** CloudWatch Logs takes events of at most 256 KiB. */
const LOG_LINE_BYTES_MAX = 256 * 1024;

const NEWLINE = 10;

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands over what came without a newline at its end. */
  end(): void;
}

const cutBefore = (bytes: Buffer, bytesMax: number): number => {
  let cut = bytesMax;
  while (cut > 0 && ((bytes[cut] ?? 0) & 0b1100_0000) === 0b1000_0000) {
    cut -= 1;
  }
  return cut;
};

export const createLineSplitter = (
  onLine: (line: string) => void,
  lineBytesMax: number = LOG_LINE_BYTES_MAX,
): LineSplitter => {
  let rest: Buffer = Buffer.alloc(0);

  const emit = (line: Buffer): void => {
    let left = line;
    while (left.length > lineBytesMax) {
      const cut = cutBefore(left, lineBytesMax);
      onLine(left.subarray(0, cut).toString('utf8'));
      left = left.subarray(cut);
    }
    const text = left.toString('utf8');
    onLine(text.endsWith('\r') ? text.slice(0, -1) : text);
  };

  return {
    push: (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let newline = rest.indexOf(NEWLINE);
      while (newline !== -1) {
        emit(rest.subarray(0, newline));
        rest = rest.subarray(newline + 1);
        newline = rest.indexOf(NEWLINE);
      }
      // A writer without newlines must not make the host hold more than one line.
      while (rest.length > lineBytesMax) {
        const cut = cutBefore(rest, lineBytesMax);
        onLine(rest.subarray(0, cut).toString('utf8'));
        rest = rest.subarray(cut);
      }
    },
    end: () => {
      if (rest.length > 0) {
        emit(rest);
        rest = Buffer.alloc(0);
      }
    },
  };
};
