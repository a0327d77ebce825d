/** Names what a source was told to read. Another name means that its cursor says nothing of what is configured now. */
import type { SourceDefinition } from '../domain/source-definition.ts';
import { canonicalText, sha256Hex } from '../stores/envelope.ts';

const NAME_DIGITS = 16;

/** The port on which a local run serves this machine's repositories changes with every start, and they don't. */
const LOOPBACK = /http:\/\/127\.0\.0\.1:\d{1,5}/gu;

export const definitionName = ({ kind, config }: Pick<SourceDefinition, 'kind' | 'config'>): string =>
  sha256Hex(canonicalText({ kind, config }).replaceAll(LOOPBACK, 'http://127.0.0.1')).slice(0, NAME_DIGITS);
