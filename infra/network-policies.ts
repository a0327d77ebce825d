/**
 * Policies of the endpoints of an isolated network. What an endpoint lets through is what the functions' roles grant for its service, gathered from
 * them: it can't drift, and keys of anybody else are refused on the way.
 */
import * as pulumi from '@pulumi/pulumi';

import { allow, type PolicyInputs, type Statement } from './grants.ts';
import { accountRootArn, FUNCTION_NAMES, regionalArn, type RegionNames, roleArn } from './names.ts';
import { functionStatements } from './policies.ts';
import { peerRoleStatements } from './peer-policies.ts';
import type { EndpointService } from './settings/isolation.ts';

type Text = pulumi.Input<string>;

/** How policies name the service behind an endpoint. */
const ACTION_PREFIX: Readonly<Record<EndpointService, string>> = {
  dynamodb: 'dynamodb',
  s3vectors: 's3vectors',
  appconfigdata: 'appconfig',
  sqs: 'sqs',
  kms: 'kms',
  sts: 'sts',
  'bedrock-runtime': 'bedrock',
  secretsmanager: 'secretsmanager',
  comprehend: 'comprehend',
};

export interface EndpointStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal: '*';
  readonly Action: readonly string[];
  readonly Resource: readonly Text[];
  readonly Condition: { readonly StringEquals: { readonly 'aws:PrincipalArn': readonly string[] } };
}

interface Granted {
  readonly principal: string;
  readonly statement: Statement;
}

const isDirect = ({ Condition }: Statement): boolean => Condition?.['StringEquals']?.['kms:ViaService'] === undefined;

const ofService =
  (service: EndpointService) =>
  ({ statement }: Granted): boolean =>
    statement.Effect === 'Allow' &&
    // What a service does with a key in the caller's name never goes through the caller's network.
    isDirect(statement) &&
    statement.Action.some((action) => action.startsWith(`${ACTION_PREFIX[service]}:`));

/** Secrets Manager ends each ARN in six characters of its own. */
const secretReads = ({ home, secretNames = [] }: PolicyInputs): readonly Granted[] =>
  secretNames.map((name) => ({
    principal: roleArn(home, 'sync'),
    statement: allow(
      'Secrets',
      ['secretsmanager:GetSecretValue'],
      [regionalArn(home, 'secretsmanager', `secret:${name}-??????`)],
    ),
  }));

const grantedTo = (inputs: PolicyInputs): readonly Granted[] => [
  ...FUNCTION_NAMES.flatMap((name) =>
    functionStatements(name, inputs).map((statement) => ({ principal: roleArn(inputs.home, name), statement })),
  ),
  ...secretReads(inputs),
];

/** Of the peer's functions in this Region, as themselves or as the role that they take on here. */
const grantedToPeer = ({
  home,
  peer,
  peerRoleArn,
  keyArn,
  signingKeyArn,
  gateArn,
}: PolicyInputs): readonly Granted[] => {
  if (peer === undefined) {
    return [];
  }
  if (peerRoleArn !== undefined) {
    return peerRoleStatements(home, keyArn).map((statement) => ({ principal: roleArn(home, 'peer'), statement }));
  }
  return grantedTo({ home: peer, peer: home, keyArn, signingKeyArn, gateArn });
};

const isOf = (names: RegionNames, resource: Text): boolean =>
  typeof resource !== 'string' ||
  // Of an action for which AWS knows no resource.
  resource === '*' ||
  resource.includes(`:${names.region}:`) ||
  resource.includes('::');

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];

const statementOf = (sid: string, names: RegionNames, granted: readonly Granted[]): readonly EndpointStatement[] => {
  const here = granted
    .map(({ principal, statement }) => ({
      principal,
      actions: statement.Action,
      resources: statement.Resource.filter((resource) => isOf(names, resource)),
    }))
    .filter(({ resources }) => resources.length > 0);
  return here.length === 0
    ? []
    : [
        {
          Sid: sid,
          Effect: 'Allow',
          // AWS takes no role here for a gateway endpoint; the condition names them for both kinds.
          Principal: '*',
          Action: unique(here.flatMap(({ actions }) => actions)).toSorted((left, right) => left.localeCompare(right)),
          Resource: unique(here.flatMap(({ resources }) => resources)),
          Condition: { StringEquals: { 'aws:PrincipalArn': unique(here.map(({ principal }) => principal)) } },
        },
      ];
};

/** Empty where no function calls the service: then there is no endpoint either. */
export const endpointStatements = (service: EndpointService, inputs: PolicyInputs): readonly EndpointStatement[] => [
  ...statementOf('OwnFunctions', inputs.home, grantedTo(inputs).filter(ofService(service))),
  ...(service === 'dynamodb' || service === 's3vectors'
    ? statementOf('PeerFunctions', inputs.home, grantedToPeer(inputs).filter(ofService(service)))
    : []),
];

/** The same as the policy of a store or queue itself: its account, under the condition of who calls. No role has to exist for it. */
export const resourcePolicyText = (service: EndpointService, inputs: PolicyInputs): pulumi.Output<string> =>
  pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: endpointStatements(service, inputs).map(({ Sid, Effect, Action, Resource, Condition }) => ({
      Sid,
      Effect,
      Principal: { AWS: accountRootArn(inputs.home) },
      Action,
      Resource,
      Condition,
    })),
  });
