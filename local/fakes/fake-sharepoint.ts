/**
 * A stand-in of Microsoft Graph for one site: client credentials, a library by delta with tokens that can expire, downloads by
 * redirect, and pages. Answers have Graph's own published types.
 */
import type { DriveItem, SitePage } from '@microsoft/microsoft-graph-types';

import { FakeRefusal, type FakeReply, type FakeRequest, FakeServer, pageOf } from './fake-server.ts';

interface File {
  readonly id: string;
  name: string;
  folder: string;
  content: Buffer;
  /** The step at which it changed last; delta tells what is after a step. */
  changedAt: number;
  version: number;
  deleted: boolean;
  modified: string;
}

interface Page {
  readonly id: string;
  title: string;
  html: string;
  version: number;
  modified: string;
}

const SITE = 'contoso.sharepoint.com,1111,2222';
const DRIVE = 'b!drive-1';
const TOKEN_SECONDS = 3600;

export class FakeSharePoint extends FakeServer {
  readonly clientSecret = 'graph-client-secret-8d3e';
  readonly site = 'contoso.sharepoint.com:/sites/eng';
  /** The delta ends in the middle, without a word. */
  short = false;
  readonly #files = new Map<string, File>();
  readonly #pages = new Map<string, Page>();
  #step = 0;
  /** Delta links of an older epoch are answered with 410. */
  #epoch = 1;
  #tokens = 0;
  #tokenEndsAt = 0;

  createFile(name: string, content: string | Buffer, folder = ''): string {
    const id = `01FILE${String(this.#files.size + 1)}`;
    this.#files.set(id, {
      id,
      name,
      folder,
      content: Buffer.from(content),
      changedAt: this.#next(),
      version: 1,
      deleted: false,
      modified: this.tick(),
    });
    return id;
  }

  editFile(id: string, change: { readonly name?: string; readonly content?: string | Buffer }): void {
    const file = this.#files.get(id);
    if (file !== undefined) {
      file.name = change.name ?? file.name;
      file.content = change.content === undefined ? file.content : Buffer.from(change.content);
      Object.assign(file, { version: file.version + 1, changedAt: this.#next(), modified: this.tick() });
    }
  }

  deleteFile(id: string): void {
    const file = this.#files.get(id);
    if (file !== undefined) {
      Object.assign(file, { deleted: true, changedAt: this.#next() });
    }
  }

  createPage(title: string, html: string): string {
    const id = `page-${String(this.#pages.size + 1)}-${String(this.#next())}`;
    this.#pages.set(id, { id, title, html, version: 1, modified: this.tick() });
    return id;
  }

  editPage(id: string, change: { readonly title?: string; readonly html?: string }): void {
    const page = this.#pages.get(id);
    if (page !== undefined) {
      Object.assign(page, change, { version: page.version + 1, modified: this.tick() });
    }
  }

  deletePage(id: string): void {
    this.#pages.delete(id);
  }

  expireLinks(): void {
    this.#epoch += 1;
  }

  protected override answer(request: FakeRequest): FakeReply {
    const { path, query, headers } = request;
    if (path.endsWith('/oauth2/v2.0/token')) {
      return this.#token(new URLSearchParams(request.body));
    }
    if (headers.authorization !== `Bearer graph-token-${String(this.#tokens)}` || this.now > this.#tokenEndsAt) {
      throw new FakeRefusal(401);
    }
    if (path === `/v1.0/sites/${this.site}` || path === `/v1.0/sites/${SITE}`) {
      return { json: { id: SITE, displayName: 'eng' } };
    }
    if (path === `/v1.0/sites/${SITE}/drives`) {
      return { json: { value: [{ id: DRIVE, name: 'Documents', webUrl: this.#driveUrl() }] } };
    }
    if (path === `/v1.0/drives/${DRIVE}`) {
      return { json: { id: DRIVE } };
    }
    if (path === `/v1.0/drives/${DRIVE}/root/delta`) {
      return this.#delta(query);
    }
    return this.#content(path) ?? this.#sitePages(path, query);
  }

  #next(): number {
    this.#step += 1;
    return this.#step;
  }

  #driveUrl(): string {
    return 'https://contoso.sharepoint.com/sites/eng/Documents';
  }

  #token(form: URLSearchParams): FakeReply {
    if (form.get('client_secret') !== this.clientSecret) {
      throw new FakeRefusal(401);
    }
    this.#tokens += 1;
    this.#tokenEndsAt = this.now + TOKEN_SECONDS * 1000;
    return { json: { access_token: `graph-token-${String(this.#tokens)}`, expires_in: TOKEN_SECONDS } };
  }

  /** A token of a delta is `epoch.since.until.offset`: what changed after one step, up to another. */
  #delta(query: URLSearchParams): FakeReply {
    const token = query.get('token');
    const parts = (token ?? `${String(this.#epoch)}.0.${String(this.#step)}.0`).split('.').map(Number);
    const [epoch = 0, since = 0, until = 0, offset = 0] = parts;
    if (epoch !== this.#epoch) {
      throw new FakeRefusal(410, { error: { code: 'resyncRequired' } });
    }
    const upTo = until === 0 ? this.#step : until;
    const changed = [...this.#files.values()].filter(({ changedAt }) => changedAt > since && changedAt <= upTo);
    // From nothing, what is deleted was never there. The root itself is always listed.
    const listed = changed.filter(({ deleted }) => since > 0 || !deleted).map((file) => this.#driveItem(file));
    const root: DriveItem = { id: 'root', name: 'root', folder: { childCount: listed.length } };
    const { items, next } = pageOf(since === 0 ? [root, ...listed] : listed, offset, this.pageItemsMax);
    const link = (rest: string): string => `${this.origin}/v1.0/drives/${DRIVE}/root/delta?token=${rest}`;
    const span = `${String(this.#epoch)}.${String(since)}.${String(upTo)}`;
    if (next !== null) {
      return { json: { value: items, ...(this.short ? {} : { '@odata.nextLink': link(`${span}.${String(next)}`) }) } };
    }
    return { json: { value: items, '@odata.deltaLink': link(`${String(this.#epoch)}.${String(upTo)}.0.0`) } };
  }

  #driveItem({ id, name, folder, content, version, deleted, modified }: File): DriveItem {
    if (deleted) {
      return { id, deleted: { state: 'deleted' } };
    }
    const inside = [...(folder === '' ? [] : [folder]), name].map((part) => encodeURIComponent(part)).join('/');
    return {
      id,
      name,
      size: content.length,
      eTag: `"{${id}},${String(version)}"`,
      cTag: `"c:{${id}},${String(version)}"`,
      webUrl: `${this.#driveUrl()}/${inside}`,
      lastModifiedDateTime: modified,
      file: { mimeType: 'application/octet-stream' },
      parentReference: { driveId: DRIVE },
    };
  }

  #content(path: string): FakeReply | null {
    const [, id, asked] = /^\/v1\.0\/drives\/[^/]+\/items\/([^/]+)\/(content)$/u.exec(path) ?? [];
    const [, downloaded] = /^\/download\/([^/]+)$/u.exec(path) ?? [];
    const file = this.#files.get(id ?? downloaded ?? '');
    if (asked === undefined && downloaded === undefined) {
      return null;
    }
    if (file === undefined || file.deleted) {
      throw new FakeRefusal(404);
    }
    return downloaded === undefined
      ? { status: 302, headers: { location: `${this.origin}/download/${file.id}?tempauth=short-lived` } }
      : { bytes: file.content };
  }

  #sitePages(path: string, query: URLSearchParams): FakeReply {
    const start = `/v1.0/sites/${SITE}/pages/`;
    const rest = path.startsWith(start) ? path.slice(start.length) : '';
    if (rest === 'microsoft.graph.sitePage') {
      const { items, next } = pageOf(
        [...this.#pages.values()],
        Number(query.get('$skiptoken') ?? '0'),
        this.pageItemsMax,
      );
      const value = items.map(({ id, title, version, modified }): SitePage => ({
        id,
        name: `${title}.aspx`,
        title,
        eTag: `"{${id}},${String(version)}"`,
        webUrl: `https://contoso.sharepoint.com/sites/eng/SitePages/${encodeURIComponent(title)}.aspx`,
        lastModifiedDateTime: modified,
      }));
      const link = `${this.origin}${path}?$skiptoken=${String(next)}`;
      return { json: { value, ...(next === null ? {} : { '@odata.nextLink': link }) } };
    }
    const page = this.#pages.get(rest.replace('/microsoft.graph.sitePage', ''));
    if (page === undefined) {
      throw new FakeRefusal(404);
    }
    const answer: SitePage = {
      id: page.id,
      title: page.title,
      canvasLayout: { horizontalSections: [{ columns: [{ webparts: [{ innerHtml: page.html } as object] }] }] },
    };
    return { json: answer };
  }
}
