/**
 * What AppConfig's stand-in keeps: applications, environments, profiles, hosted versions and deployments, in one SQLite
 * file. Ids are derived from names, so that a Region that starts from an empty folder gets the same ones again.
 */
import { createHash } from 'node:crypto';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { SqliteFile, type SqlRow } from '../database.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS applications (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS environments (
    id TEXT PRIMARY KEY, application TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (application, name)
  );
  CREATE TABLE IF NOT EXISTS profiles (
    id TEXT PRIMARY KEY, application TEXT NOT NULL, name TEXT NOT NULL, schemas TEXT NOT NULL, UNIQUE (application, name)
  );
  CREATE TABLE IF NOT EXISTS versions (
    profile TEXT NOT NULL,
    number INTEGER NOT NULL,
    content TEXT NOT NULL,
    content_type TEXT NOT NULL,
    description TEXT,
    label TEXT,
    PRIMARY KEY (profile, number)
  );
  CREATE TABLE IF NOT EXISTS deployments (
    environment TEXT NOT NULL,
    number INTEGER NOT NULL,
    profile TEXT NOT NULL,
    version INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    description TEXT,
    at REAL NOT NULL,
    PRIMARY KEY (environment, number)
  );
`;

const ID_CHARS = 7;

/** AppConfig's ids are four to seven lowercase letters and digits. */
const deriveId = (...names: readonly string[]): string => {
  const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex');
  return BigInt(`0x${digest}`).toString(36).slice(0, ID_CHARS);
};

export interface NamedResource {
  readonly id: string;
  readonly name: string;
}

export interface Profile extends NamedResource {
  readonly schemas: readonly string[];
}

export interface ConfigVersion {
  readonly number: number;
  readonly content: string;
  readonly contentType: string;
  readonly description: string | undefined;
  readonly label: string | undefined;
}

export interface ConfigDeploymentRow {
  readonly number: number;
  readonly profile: string;
  readonly version: number;
  readonly strategy: string;
  readonly description: string | undefined;
  readonly at: number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const optional = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const readNamed = (row: SqlRow): NamedResource => ({ id: text(row['id']), name: text(row['name']) });

const readProfile = (row: SqlRow): Profile => ({
  ...readNamed(row),
  schemas: JSON.parse(text(row['schemas'])) as string[],
});

const readVersion = (row: SqlRow): ConfigVersion => ({
  number: Number(row['number']),
  content: text(row['content']),
  contentType: text(row['content_type']),
  description: optional(row['description']),
  label: optional(row['label']),
});

const readDeployment = (row: SqlRow): ConfigDeploymentRow => ({
  number: Number(row['number']),
  profile: text(row['profile']),
  version: Number(row['version']),
  strategy: text(row['strategy']),
  description: optional(row['description']),
  at: Number(row['at']),
});

export class ConfigDatabase {
  readonly #file: SqliteFile;

  constructor(file: string) {
    this.#file = new SqliteFile(file, SCHEMA);
  }

  close(): void {
    this.#file.close();
  }

  ensureApplication(name: string): NamedResource {
    this.#file.run('INSERT OR IGNORE INTO applications (id, name) VALUES (?, ?)', deriveId('application', name), name);
    return this.#require(this.application(name));
  }

  ensureEnvironment(application: string, name: string): NamedResource {
    const id = deriveId('environment', application, name);
    this.#file.run(
      'INSERT OR IGNORE INTO environments (id, application, name) VALUES (?, ?, ?)',
      id,
      application,
      name,
    );
    return this.#require(this.environment(application, name));
  }

  ensureProfile(application: string, name: string, schemas: readonly string[]): NamedResource {
    this.#file.run(
      `INSERT INTO profiles (id, application, name, schemas) VALUES (?, ?, ?, ?)
       ON CONFLICT (application, name) DO UPDATE SET schemas = excluded.schemas`,
      deriveId('profile', application, name),
      application,
      name,
      JSON.stringify(schemas),
    );
    return this.#require(this.profile(application, name));
  }

  applications(): readonly NamedResource[] {
    return this.#file.all('SELECT id, name FROM applications ORDER BY name').map(readNamed);
  }

  environments(application: string): readonly NamedResource[] {
    return this.#file
      .all('SELECT id, name FROM environments WHERE application = ? ORDER BY name', application)
      .map(readNamed);
  }

  profiles(application: string): readonly Profile[] {
    return this.#file
      .all('SELECT id, name, schemas FROM profiles WHERE application = ? ORDER BY name', application)
      .map(readProfile);
  }

  /** By id or by name, as every AppConfig request may name it. */
  application(identifier: string): NamedResource | undefined {
    return this.applications().find(({ id, name }) => id === identifier || name === identifier);
  }

  environment(application: string, identifier: string): NamedResource | undefined {
    return this.environments(application).find(({ id, name }) => id === identifier || name === identifier);
  }

  profile(application: string, identifier: string): Profile | undefined {
    return this.profiles(application).find(({ id, name }) => id === identifier || name === identifier);
  }

  versions(profile: string): readonly ConfigVersion[] {
    return this.#file.all('SELECT * FROM versions WHERE profile = ? ORDER BY number DESC', profile).map(readVersion);
  }

  version(profile: string, number: number): ConfigVersion | undefined {
    const [row] = this.#file.all('SELECT * FROM versions WHERE profile = ? AND number = ?', profile, number);
    return row === undefined ? undefined : readVersion(row);
  }

  insertVersion(profile: string, version: Omit<ConfigVersion, 'number'>): number {
    const number = this.latestVersionNumber(profile) + 1;
    this.#file.run(
      'INSERT INTO versions (profile, number, content, content_type, description, label) VALUES (?, ?, ?, ?, ?, ?)',
      profile,
      number,
      version.content,
      version.contentType,
      version.description ?? null,
      version.label ?? null,
    );
    return number;
  }

  latestVersionNumber(profile: string): number {
    const [row] = this.#file.all('SELECT max(number) AS latest FROM versions WHERE profile = ?', profile);
    return Number(row?.['latest'] ?? 0);
  }

  deployments(environment: string): readonly ConfigDeploymentRow[] {
    return this.#file
      .all('SELECT * FROM deployments WHERE environment = ? ORDER BY number DESC', environment)
      .map(readDeployment);
  }

  insertDeployment(environment: string, deployment: Omit<ConfigDeploymentRow, 'number'>): number {
    const number = this.latestDeploymentNumber(environment) + 1;
    this.#file.run(
      'INSERT INTO deployments (environment, number, profile, version, strategy, description, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      environment,
      number,
      deployment.profile,
      deployment.version,
      deployment.strategy,
      deployment.description ?? null,
      deployment.at,
    );
    return number;
  }

  latestDeploymentNumber(environment: string): number {
    const [row] = this.#file.all('SELECT max(number) AS latest FROM deployments WHERE environment = ?', environment);
    return Number(row?.['latest'] ?? 0);
  }

  /** What clients of this environment and profile get: the version of the last deployment. */
  deployed(environment: string, profile: string): ConfigVersion | undefined {
    const [row] = this.#file.all(
      `SELECT versions.* FROM deployments JOIN versions
       ON versions.profile = deployments.profile AND versions.number = deployments.version
       WHERE deployments.environment = ? AND deployments.profile = ? ORDER BY deployments.number DESC LIMIT 1`,
      environment,
      profile,
    );
    return row === undefined ? undefined : readVersion(row);
  }

  #require(found: NamedResource | undefined): NamedResource {
    if (found === undefined) {
      throw new ConfigError('Two AppConfig resources of this Region have names with the same id: rename one of them.');
    }
    return found;
  }
}
