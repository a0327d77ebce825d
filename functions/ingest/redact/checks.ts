/** Checks that tell a number of a card or an account from any other number: without them prose would be full of findings. */

const LUHN_MODULUS = 10;

/** The check digit of payment cards (ISO/IEC 7812). `text` may hold spaces and hyphens. */
export const isCardNumber = (text: string): boolean => {
  const digits = text.replaceAll(/\D/gu, '').split('').map(Number);
  if (new Set(digits).size === 1) {
    return false;
  }
  const sum = digits
    .toReversed()
    .map((digit, at) => (at % 2 === 0 ? digit : digit * 2))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return digits.length > 0 && sum % LUHN_MODULUS === 0;
};

const IBAN_MODULUS = 97;
/** Letters count as 10 to 35, as in this base. */
const IBAN_BASE = 36;

/** The check digits of an IBAN (ISO 13616). `text` may hold spaces. */
export const isAccountNumber = (text: string): boolean => {
  const compact = text.replaceAll(' ', '');
  const turned = compact.slice(4) + compact.slice(0, 4);
  let rest = 0;
  for (const char of turned) {
    const value = Number.parseInt(char, IBAN_BASE);
    rest = (rest * (value > 9 ? 100 : 10) + value) % IBAN_MODULUS;
  }
  return rest === 1;
};

/** Shannon entropy in bits for each character: words stay below 3, random secrets are above. */
export const bitsPerChar = (text: string): number => {
  const counts = new Map<string, number>();
  for (const char of text) {
    counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
};
