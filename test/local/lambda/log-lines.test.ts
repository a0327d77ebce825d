/** Output in lines, however it was cut into chunks on the way. */
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from '../../../local/lambda/log-lines.ts';

const linesOf = (chunks: readonly Buffer[], lineBytesMax?: number): readonly string[] => {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => {
    lines.push(line);
  }, lineBytesMax);
  for (const chunk of chunks) {
    splitter.push(chunk);
  }
  splitter.end();
  return lines;
};

describe('lines', () => {
  it('are the same for every way of cutting the bytes, characters included', () => {
    const bytes = Buffer.from('one\r\nzwé€\n\n{"n":1}\nrest');
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_value, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(linesOf(chunks)).toEqual(['one', 'zwé€', '', '{"n":1}', 'rest']);
    }
  });

  it('up to 256 KiB are whole, longer ones are cut', () => {
    const most = 'x'.repeat(256 * 1024);
    expect(linesOf([Buffer.from(`${most}\n`)])).toEqual([most]);
    expect(linesOf([Buffer.from(`${most}y\n`)])).toEqual([most, 'y']);
  });

  it('are never cut inside a character, with or without a newline to come', () => {
    expect(linesOf([Buffer.from('€€€\n')], 4)).toEqual(['€', '€', '€']);
    expect(linesOf([Buffer.from('a€€')], 6)).toEqual(['a€', '€']);
  });
});
