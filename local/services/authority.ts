/**
 * The certificate authority of one data folder: it vouches for the embedded Regions' endpoints, and is trusted only by the
 * processes that are started for them. Its key stays in the folder, readable by its owner; the endpoints' own keys are made
 * at each start and never written.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  X509Certificate,
} from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';

import { makeCertificate } from './certificate.ts';

export interface Identity {
  /** PEM: the endpoint's certificate. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM; clients trust this. */
  readonly certificate: string;
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly certificateFile: string;
  /** A certificate for these names and IPv4 addresses. */
  issue(names: readonly string[]): Identity;
}

const SUBJECT = 'Twinmap on this machine';
const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_DAYS = 3650;
/** Longer than any run: what is started on this authority ends before it does. */
const RENEWED_BEFORE_DAYS = 365;
/** The clock of a laptop that slept may be behind. */
const VALID_BEFORE_DAYS = 1;

interface Held {
  readonly certificate: string;
  readonly key: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const generateKeys = (): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const generate = (nowMs: number): Held => {
  const { publicKey, privateKey } = generateKeys();
  const notBeforeMs = nowMs - VALID_BEFORE_DAYS * DAY_MS;
  const notAfterMs = nowMs + VALID_DAYS * DAY_MS;
  const certificate = makeCertificate({
    subject: SUBJECT,
    issuer: SUBJECT,
    notBeforeMs,
    notAfterMs,
    publicKey,
    signingKey: privateKey,
    usage: { kind: 'authority' },
  });
  return { certificate, key: privateKey, notBeforeMs, notAfterMs };
};

/** Undefined where the files are not there, damaged, do not belong together, or end too soon. */
const load = async (certificateFile: string, keyFile: string, nowMs: number): Promise<Held | undefined> => {
  try {
    const parsed = new X509Certificate(await readFile(certificateFile));
    const key = createPrivateKey(await readFile(keyFile));
    const notBeforeMs = parsed.validFromDate.getTime();
    const notAfterMs = parsed.validToDate.getTime();
    const isSound =
      parsed.ca &&
      parsed.checkPrivateKey(key) &&
      parsed.verify(createPublicKey(key)) &&
      notBeforeMs <= nowMs &&
      notAfterMs - nowMs > RENEWED_BEFORE_DAYS * DAY_MS;
    return isSound ? { certificate: parsed.toString(), key, notBeforeMs, notAfterMs } : undefined;
  } catch {
    // Whatever is wrong with them, new ones take their place: nothing else was ever signed with these.
    return undefined;
  }
};

/** In one step, and never readable by others, not even for a moment. */
const replaceFile = async (file: string, text: string): Promise<void> => {
  const next = `${file}.${randomUUID()}`;
  try {
    await writeFile(next, text, { mode: 0o600, flag: 'wx' });
    await rename(next, file);
  } finally {
    await rm(next, { force: true });
  }
};

const issue = (held: Held, names: readonly string[]): Identity => {
  const { publicKey, privateKey } = generateKeys();
  const cert = makeCertificate({
    subject: 'Twinmap endpoint',
    issuer: SUBJECT,
    notBeforeMs: held.notBeforeMs,
    notAfterMs: held.notAfterMs,
    publicKey,
    signingKey: held.key,
    usage: { kind: 'server', names },
  });
  return { cert, key: pemOf(privateKey) };
};

/** Opens the authority of a folder; makes it where there is none that can be used. */
export const openAuthority = async (directory: string, nowMs: number): Promise<Authority> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const certificateFile = path.join(directory, 'authority.pem');
  const keyFile = path.join(directory, 'authority-key.pem');
  const loaded = await load(certificateFile, keyFile, nowMs);
  const held = loaded ?? generate(nowMs);
  if (loaded === undefined) {
    await replaceFile(keyFile, pemOf(held.key));
    await replaceFile(certificateFile, held.certificate);
  }
  return { certificate: held.certificate, certificateFile, issue: (names) => issue(held, names) };
};

/**
 * Makes this process trust an authority, for clients that are opened in it: tests, benches, commands. The functions of a
 * Region are processes of their own, and are told by `NODE_EXTRA_CA_CERTS`.
 */
export const trustAuthority = ({ certificate }: Pick<Authority, 'certificate'>): void => {
  const trusted = tls.getCACertificates('default');
  if (!trusted.includes(certificate)) {
    tls.setDefaultCACertificates([...trusted, certificate]);
  }
};
