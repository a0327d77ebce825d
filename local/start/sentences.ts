/** The sentences of `npm start`. Pure: facts in, text out. */
import pc from 'picocolors';

import type { Denial } from '../iam/access-guard.ts';
import type { CycleEnd } from './cycle-watch.ts';
import type { RegionResult } from './verdict.ts';

const ROOT_DIGITS = 16;

export const seconds = (durationMs: number): string => `${(durationMs / 1000).toFixed(1)} s`;

export const count = (value: unknown): string => (typeof value === 'number' ? value.toLocaleString('en-US') : '?');

export const cycleLine = (name: string, { outcome, fields }: CycleEnd): string => {
  const time = typeof fields['durationMs'] === 'number' ? ` in ${seconds(fields['durationMs'])}` : '';
  if (outcome === 'deferred') {
    return `${name}: ${pc.yellow('degraded')}${time}, one Region committed alone and owes ${count(fields['owedRecords'])} records`;
  }
  if (outcome !== 'acknowledged') {
    return `${name}: ${pc.red(outcome)}${time}`;
  }
  const held = `${count(fields['documents'])} documents, ${count(fields['chunks'])} chunks`;
  const skipped =
    fields['skipped'] === 0 ? '' : `, ${count(fields['skipped'])} files without text (binary, generated, …)`;
  const changed =
    fields['mode'] === 'unchanged'
      ? 'nothing changed'
      : `${count(fields['changed'])} written, ${count(fields['deleted'])} deleted`;
  return `${name}: ${pc.green('acknowledged')}${time}, ${changed}; ${held}${skipped}`;
};

export const proofLine = ({ role, region, proof, unproven }: RegionResult): string =>
  proof === undefined
    ? `${region} (${role}): ${pc.red(unproven ?? 'no proof')}`
    : `${region} (${role}): root ${proof.root.slice(0, ROOT_DIGITS)}…  ${count(proof.documents)} documents, ` +
      `${count(proof.chunks)} chunks, ${count(proof.vectors)} vectors`;

/** `where`: the Region that was called, which need not be the role's own. */
export const denialLine = (where: string, { role, action, resource }: Denial): string =>
  `role ${role} lacks ${action} on ${resource} (refused in ${where}); infra/policies.ts says what it may do`;

export type Warning = { readonly kind: 'skip' | 'other'; readonly text: string };

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Lines of functions that a person must see; everything else stays in the log. */
export const warningOf = (line: string): Warning | undefined => {
  if (!line.startsWith('{') || !/"level":"(?:warn|error)"/u.test(line)) {
    return undefined;
  }
  const fields = JSON.parse(line) as Record<string, unknown>;
  switch (fields['event']) {
    case 'document.skipped': {
      return { kind: 'skip', text: `not read: ${JSON.stringify(fields['path'])} (${textOf(fields['reason'])})` };
    }
    case 'cycle.cursor-lost': {
      return { kind: 'other', text: `${textOf(fields['source'])}: ${textOf(fields['why'])}; everything is compared` };
    }
    default: {
      return undefined;
    }
  }
};
