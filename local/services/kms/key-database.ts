/** The signing keys of a local Region. The private part stays in this file, as it stays in KMS: no operation reads it out. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { DamagedRecordError } from '../../../functions/domain/errors.ts';
import { SqliteFile } from '../database.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, pkcs8 BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS aliases (name TEXT PRIMARY KEY, key TEXT NOT NULL) STRICT;
`;

export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

export class KeyDatabase {
  readonly #file: SqliteFile;

  constructor(file: string) {
    this.#file = new SqliteFile(file, SCHEMA);
  }

  close(): void {
    this.#file.close();
  }

  /** A key is made once: a Region that starts again signs with the same one. */
  ensureKey(id: string): void {
    const known = this.find(id);
    if (known === undefined) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
      this.#file.run('INSERT INTO keys (id, pkcs8) VALUES (?, ?)', id, pkcs8);
    }
  }

  ensureAlias(name: string, key: string): void {
    this.#file.run(
      'INSERT INTO aliases (name, key) VALUES (?, ?) ON CONFLICT DO UPDATE SET key = excluded.key',
      name,
      key,
    );
  }

  find(id: string): SigningKey | undefined {
    const [row] = this.#file.all('SELECT pkcs8 FROM keys WHERE id = ?', id);
    const pkcs8 = row?.['pkcs8'];
    if (row === undefined) {
      return undefined;
    }
    if (!(pkcs8 instanceof Uint8Array)) {
      throw new DamagedRecordError(`the signing key ${id} can't be read from its file`);
    }
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    return { id, privateKey, spki: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }) };
  }

  /** The id behind an alias; undefined where there is none. */
  aliased(name: string): string | undefined {
    const [row] = this.#file.all('SELECT key FROM aliases WHERE name = ?', name);
    const key = row?.['key'];
    return typeof key === 'string' ? key : undefined;
  }
}
