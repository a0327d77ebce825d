/**
 * As much of X.509 (RFC 5280) as a local authority and its endpoints need, in DER. Node reads and checks certificates but
 * makes none, and a library for all of X.509 costs each start more time than the rest of the services together.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface CertificateOrder {
  /** The common name. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  /** Elliptic, of the issuer. */
  readonly signingKey: KeyObject;
  readonly usage:
    | { readonly kind: 'authority' }
    /** DNS names and IPv4 addresses. */
    | { readonly kind: 'server'; readonly names: readonly string[] };
}

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  object: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  generalizedTime: 0x18,
  version: 0xa0,
  extensions: 0xa3,
  keyId: 0x80,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const;

const LONG_FORM_MIN = 0x80;
const BYTE = 0x1_00;

const lengthOf = (length: number): Buffer => {
  if (length < LONG_FORM_MIN) {
    return Buffer.of(length);
  }
  return length < BYTE ? Buffer.of(0x81, length) : Buffer.of(0x82, Math.floor(length / BYTE), length % BYTE);
};

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
};

const sequence = (...parts: readonly Buffer[]): Buffer => der(TAG.sequence, ...parts);
const object = (hex: string): Buffer => der(TAG.object, Buffer.from(hex, 'hex'));
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value, 'utf8'));
const bits = (unused: number, content: Buffer): Buffer => der(TAG.bits, Buffer.of(unused), content);
const TRUE = der(TAG.boolean, Buffer.of(0xff));

const OBJECT = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectKeyId: '551d0e',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  authorityKeyId: '551d23',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
} as const;

const nameOf = (commonName: string): Buffer =>
  sequence(der(TAG.set, sequence(object(OBJECT.commonName), text(TAG.utf8, commonName))));

/** `20261231235959Z`. */
const timeOf = (ms: number): Buffer =>
  text(TAG.generalizedTime, `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/gu, '')}Z`);

const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  sequence(object(id), ...(isCritical ? [TRUE] : []), der(TAG.octets, value));

const altName = (name: string): Buffer =>
  isIPv4(name) ? der(TAG.ipAddress, Buffer.from(name.split('.').map(Number))) : text(TAG.dnsName, name);

const extensionsOf = (usage: CertificateOrder['usage']): Buffer[] => {
  switch (usage.kind) {
    case 'authority': {
      // May sign certificates of endpoints, not of further authorities.
      const constraints = sequence(TRUE, der(TAG.integer, Buffer.of(0)));
      return [
        extension(OBJECT.basicConstraints, true, constraints),
        extension(OBJECT.keyUsage, true, bits(2, Buffer.of(0x04))),
      ];
    }
    case 'server': {
      return [
        extension(OBJECT.basicConstraints, true, sequence()),
        extension(OBJECT.keyUsage, true, bits(7, Buffer.of(0x80))),
        extension(OBJECT.extendedKeyUsage, false, sequence(object(OBJECT.serverAuth))),
        extension(OBJECT.subjectAltName, false, sequence(...usage.names.map((name) => altName(name)))),
      ];
    }
  }
};

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

const KEY_ID_BYTES = 20;
const keyIdOf = (key: KeyObject): Buffer => createHash('sha256').update(spkiOf(key)).digest().subarray(0, KEY_ID_BYTES);

/** Tell apart authorities of the same name: those of two data folders, or the one before a renewal. */
const keyIdExtensions = ({ publicKey, signingKey }: CertificateOrder): Buffer[] => [
  extension(OBJECT.subjectKeyId, false, der(TAG.octets, keyIdOf(publicKey))),
  extension(OBJECT.authorityKeyId, false, sequence(der(TAG.keyId, keyIdOf(createPublicKey(signingKey))))),
];

const SERIAL_BYTES = 16;
const POSITIVE = 0x40;

/** Positive, in its shortest form, and unlike any other. */
const serialNumber = (): Buffer =>
  der(TAG.integer, Buffer.concat([Buffer.of(POSITIVE), randomBytes(SERIAL_BYTES - 1)]));

const pemOf = (bytes: Buffer): string => {
  const lines = bytes.toString('base64').match(/.{1,64}/gu) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};

/** A signed certificate in PEM. */
export const makeCertificate = (order: CertificateOrder): string => {
  const algorithm = sequence(object(OBJECT.ecdsaWithSha256));
  const content = sequence(
    der(TAG.version, der(TAG.integer, Buffer.of(2))),
    serialNumber(),
    algorithm,
    nameOf(order.issuer),
    sequence(timeOf(order.notBeforeMs), timeOf(order.notAfterMs)),
    nameOf(order.subject),
    spkiOf(order.publicKey),
    der(TAG.extensions, sequence(...extensionsOf(order.usage), ...keyIdExtensions(order))),
  );
  return pemOf(sequence(content, algorithm, bits(0, sign('sha256', content, order.signingKey))));
};
