/** Certificates for two Regions of one authority, and one of a rogue authority that names the first Region. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = ['-days', '2'];

/** `ca`, `rogue`; `one` and `two` of `ca`, `fake` of `rogue`; each as `.pem` and `.key`. */
export const makeCertificates = (folder: string): void => {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const certify = (ca: string, name: string, host: string): void => {
    openssl('req', ...EC, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`);
    writeFileSync(path.join(folder, `${name}.ext`), `subjectAltName=DNS:${host}`);
    const signed = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', ...DAYS, '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
  };
  for (const ca of ['ca', 'rogue']) {
    openssl('req', '-x509', ...EC, '-keyout', `${ca}.key`, '-out', `${ca}.pem`, '-subj', `/CN=${ca}`, ...DAYS);
  }
  certify('ca', 'one', 'one.internal.test');
  certify('ca', 'two', 'two.internal.test');
  certify('rogue', 'fake', 'one.internal.test');
};
