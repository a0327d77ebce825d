/** Hosts of other services in a text: a call to them, if some repository of the organisation says that the host is its own. */
import type { FactsBuilder } from '../facts/builder.ts';
import { aliasId } from '../facts/vocabulary.ts';

const URL_HOST =
  /\b(?:https?|grpcs?|wss?|amqps?|redis|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|kafka|tcp):\/\/(?:[^/\s"'@]{1,100}@)?(?<host>[a-z0-9](?:[a-z0-9.-]{1,250})[a-z0-9])(?=[:/\s"'?#]|$)/giu;

/** Whom everybody links to, and nobody's outage map is about. */
const PUBLIC =
  /(?:^|\.)(?:localhost|example\.(?:com|org|net)|github\.com|githubusercontent\.com|gitlab\.com|amazonaws\.com(?:\.cn)?|amazon\.com|aws|googleapis\.com|google\.com|w3\.org|schema\.org|json-schema\.org|npmjs\.(?:org|com)|yarnpkg\.com|pypi\.org|apache\.org|microsoft\.com|docker\.(?:com|io)|terraform\.io|hashicorp\.com|kubernetes\.io|mozilla\.org|wikipedia\.org|opensource\.org|xmlsoap\.org|spdx\.org)$/iu;

const HOSTS_MAX = 100;

/** A cluster's names are the same with and without its domain. */
const plainHost = (host: string): string => host.toLowerCase().replace(/\.svc\.cluster\.local$/u, '.svc');

export const hostsIn = (text: string): readonly string[] =>
  text.includes('://')
    ? [...text.matchAll(URL_HOST)]
        .slice(0, HOSTS_MAX)
        .map(({ groups }) => plainHost(groups?.['host'] ?? ''))
        .filter((host) => host.includes('.') && !/^[\d.]+$/u.test(host) && !PUBLIC.test(host))
    : [];

export const emitHosts = (facts: FactsBuilder, component: string, text: string, line: number): void => {
  for (const host of hostsIn(text)) {
    facts.edge(component, 'dependsOn', aliasId('host', host), 'literal', [{ line }]);
  }
};

const LOCAL =
  /\bhttps?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host\.docker\.internal|(?:[\w-]*(?:local|mock|fake|stub|moto|minio|elasticmq)[\w-]*))(?=[:/\s"'`]|$)/iu;

/** An address on the same machine, or a stand-in of AWS: no place. */
export const isLocalEndpoint = (text: string): boolean => LOCAL.test(text);

/** `http://anything:4566`: in a compose file a name without a dot is a neighbour. */
export const isNeighbour = (text: string): boolean =>
  /^["']?https?:\/\/[a-z0-9_-]+(?::\d+)?\/?["']?$/iu.test(text.trim());
