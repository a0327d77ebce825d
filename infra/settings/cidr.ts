/** IPv4 ranges: whether a text is one, and whether two of them have an address in common. */
import { isIPv4 } from 'node:net';

const ADDRESS_BITS = 32;

interface Range {
  readonly start: number;
  readonly bits: number;
}

const rangeOf = (text: string): Range | undefined => {
  const [address = '', bitsText = '', ...rest] = text.split('/');
  const bits = /^\d{1,2}$/u.test(bitsText) ? Number(bitsText) : 0;
  if (!isIPv4(address) || bits < 1 || bits > ADDRESS_BITS || rest.length > 0) {
    return undefined;
  }
  const start = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { start, bits };
};

const sizeOf = ({ bits }: Range): number => 2 ** (ADDRESS_BITS - bits);

const firstOf = (range: Range): number => Math.floor(range.start / sizeOf(range)) * sizeOf(range);

/** `0.0.0.0/0` is no range here: nothing of ours is open to everybody. */
export const isCidr = (text: string): boolean => rangeOf(text) !== undefined;

/** A range as a network has it: no bits set behind the prefix, and of a size that AWS takes. */
export const isNetworkRange = (text: string, bitsMin: number, bitsMax: number): boolean => {
  const range = rangeOf(text);
  return range !== undefined && range.bits >= bitsMin && range.bits <= bitsMax && firstOf(range) === range.start;
};

export const overlaps = (left: string, right: string): boolean => {
  const one = rangeOf(left);
  const other = rangeOf(right);
  return (
    one !== undefined &&
    other !== undefined &&
    firstOf(one) < firstOf(other) + sizeOf(other) &&
    firstOf(other) < firstOf(one) + sizeOf(one)
  );
};
