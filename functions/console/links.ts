/** Addresses that pages link to. What comes from outside is encoded here, and an address of somebody else is a link only if it is https. */
import { createHash } from 'node:crypto';

import { documentId } from '../domain/corpus.ts';
import type { Evidence } from './incident/incident-data.ts';

export const addressOf = (path: string, parameters: Readonly<Record<string, string | undefined>>): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') {
      search.set(name, value);
    }
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
};

export const documentAddress = (id: string, line?: number): string =>
  `${addressOf('/console/document', { id })}${line === undefined ? '' : `#line-${line}`}`;

/** The file that proves something, as this Region holds it: there also while its origin is down. It is named where its path does not tell. */
export const evidenceAddress = ({ source, path, line, document }: Evidence): string =>
  documentAddress(document ?? documentId(source, createHash('sha256').update(path).digest('hex')), line);

/** Undefined where it is none that a browser should follow. */
export const outsideAddress = (text: string): string | undefined =>
  /^https:\/\//iu.test(text) && URL.canParse(text) ? new URL(text).href : undefined;
