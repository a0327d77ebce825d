/**
 * One Confluence, one Jira and one SharePoint, filled: stand-ins on loopback behind one address with the git server, each holding
 * as many items as it is told. A page can be edited afterwards, as a person would.
 */
import { strToU8, zipSync } from 'fflate';

import { FakeConfluence } from '../../local/fakes/fake-confluence.ts';
import { FakeFront } from '../../local/fakes/fake-front.ts';
import { FakeJira } from '../../local/fakes/fake-jira.ts';
import { FakeSharePoint } from '../../local/fakes/fake-sharepoint.ts';
import type { PocSource } from './sources.ts';
import { serviceOf, writeItem, type WrittenItem } from './texts.ts';

export interface Services {
  readonly origin: string;
  readonly sources: readonly PocSource[];
  /** What the sources' references stand for: a local Secrets Manager reads them of the environment. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Requests that were answered so far, by source. */
  requests(): Readonly<Record<string, number>>;
  /** The id of the source whose page is edited. */
  readonly wiki: string;
  editOnePage(): void;
  close(): Promise<void>;
}

const WIKI = 'wiki';
const SPACES = ['ENG', 'OPS'] as const;
const PROJECTS = ['SHOP', 'OPS'] as const;
const CONFLUENCE_SALT = 0;
const PAGE_EDITED = 1;
const JIRA_SALT = 100_000;
const SHAREPOINT_SALT = 200_000;
/** Of the items of a site: the others are files. */
const PAGES_SHARE = 5;
/** Of the files: the others are text. */
const WORD_SHARE = 20;

const escapeMarkup = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const htmlOf = ({ paragraphs }: WrittenItem): string =>
  paragraphs.map((text, at) => `${at === 2 ? '<h2>What helps</h2>' : ''}<p>${escapeMarkup(text)}</p>`).join('');

/** The smallest document that Word opens. */
const wordOf = ({ title, paragraphs }: WrittenItem): Buffer => {
  const body = [title, ...paragraphs].map((text) => `<w:p><w:r><w:t>${escapeMarkup(text)}</w:t></w:r></w:p>`).join('');
  const namespace = 'http://schemas.openxmlformats.org';
  const parts = {
    '[Content_Types].xml':
      `<Types xmlns="${namespace}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
      '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    '_rels/.rels':
      `<Relationships xmlns="${namespace}/package/2006/relationships"><Relationship Id="r1" ` +
      `Type="${namespace}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    'word/document.xml': `<w:document xmlns:w="${namespace}/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
  };
  return Buffer.from(
    zipSync(
      Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, strToU8(`<?xml version="1.0"?>${text}`)])),
    ),
  );
};

/** With the id of the page that is edited later. */
const fillConfluence = (items: number): { readonly confluence: FakeConfluence; readonly edited: string } => {
  const confluence = new FakeConfluence(SPACES);
  let edited = '';
  for (let at = 0; at < items; at += 1) {
    const item = writeItem(CONFLUENCE_SALT + at);
    const id = confluence.create(SPACES[at % SPACES.length] ?? SPACES[0], item.title, htmlOf(item));
    edited = at === PAGE_EDITED ? id : edited;
  }
  return { confluence, edited };
};

const fillJira = (items: number): FakeJira => {
  const fake = new FakeJira(PROJECTS);
  for (let at = 0; at < items; at += 1) {
    const { title, paragraphs } = writeItem(JIRA_SALT + at);
    fake.create(PROJECTS[at % PROJECTS.length] ?? PROJECTS[0], title, paragraphs.join(' '));
  }
  return fake;
};

const fillSharePoint = (items: number): FakeSharePoint => {
  const fake = new FakeSharePoint();
  for (let at = 0; at < items; at += 1) {
    const item = writeItem(SHAREPOINT_SALT + at);
    const name = `${serviceOf(SHAREPOINT_SALT + at)}-${String(at)}`;
    if (at % PAGES_SHARE === 0) {
      fake.createPage(item.title, htmlOf(item));
    } else if (at % WORD_SHARE === 1) {
      fake.createFile(`${name}.docx`, wordOf(item), 'Reports');
    } else {
      fake.createFile(`${name}.md`, `# ${item.title}\n\n${item.paragraphs.join('\n\n')}\n`, 'Notes');
    }
  }
  return fake;
};

interface Filled {
  readonly confluence: FakeConfluence;
  readonly jira: FakeJira;
  readonly sharepoint: FakeSharePoint;
}

const sourcesOf = ({ confluence, jira, sharepoint }: Filled, origin: string): PocSource[] => [
  {
    id: WIKI,
    kind: 'confluence',
    name: WIKI,
    config: {
      url: origin,
      spaces: [...SPACES],
      email: confluence.email,
      token: 'secretsmanager:twinmap/poc-confluence',
    },
  },
  {
    id: 'tickets',
    kind: 'jira',
    name: 'tickets',
    config: { url: origin, projects: [...PROJECTS], email: jira.email, token: 'secretsmanager:twinmap/poc-jira' },
  },
  {
    id: 'library',
    kind: 'sharepoint',
    name: 'library',
    config: {
      tenantId: 'contoso.onmicrosoft.com',
      clientId: 'poc',
      clientSecret: 'secretsmanager:twinmap/poc-graph',
      sites: [sharepoint.site],
      graphUrl: origin,
      loginUrl: origin,
    },
  },
];

/** All behind one address: `gitOrigin` gets what is no service's. */
export const openServices = async (items: number, gitOrigin: string): Promise<Services> => {
  const { confluence, edited } = fillConfluence(items);
  const jira = fillJira(items);
  const sharepoint = fillSharePoint(items);
  const mounted = [
    { fake: confluence, paths: /^\/wiki\//u },
    { fake: jira, paths: /^\/rest\//u },
    { fake: sharepoint, paths: /^\/(?:v1\.0|download)\/|\/oauth2\/v2\.0\/token$/u },
  ];
  const front = await new FakeFront(mounted, gitOrigin).start();
  return {
    origin: front.origin,
    wiki: WIKI,
    sources: sourcesOf({ confluence, jira, sharepoint }, front.origin),
    secrets: {
      TWINMAP_POC_CONFLUENCE: confluence.token,
      TWINMAP_POC_JIRA: jira.token,
      TWINMAP_POC_GRAPH: sharepoint.clientSecret,
    },
    requests: () => ({
      wiki: confluence.seen.length,
      tickets: jira.seen.length,
      library: sharepoint.seen.length,
    }),
    editOnePage: () => {
      confluence.edit(edited, { storage: '<p>Rewritten: the steps above no longer hold.</p>' });
    },
    close: async () => front.close(),
  };
};
