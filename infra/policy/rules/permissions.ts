/**
 * What roles may do while they run: named data-plane actions on named resources. No control plane, least of all a global one: a
 * failover must work when all of them are down.
 */
import { isObject, jsonObject, leavesOf, listOf, valueAt, valuesAt } from '../plain-values.ts';
import { type Plain, type PlainObject, type Resource, type ResourceRule, UNKNOWN } from '../rule.ts';

/** Services whose control plane is global, or lives in one Region for all. */
const GLOBAL_SERVICES: ReadonlySet<string> = new Set([
  'account',
  'arc-region-switch',
  'cloudfront',
  'globalaccelerator',
  'iam',
  'identitystore',
  'networkmanager',
  'organizations',
  'route53',
  'route53domains',
  'route53-recovery-cluster',
  'route53-recovery-control-config',
  'shield',
  'sso',
  'waf',
]);

/** What a running function or schedule needs of a service; anything else fails closed. */
const RUNTIME_ACTIONS: ReadonlyMap<string, RegExp> = new Map([
  ['appconfig', /^(?:StartConfigurationSession|GetLatestConfiguration)$/u],
  ['bedrock', /^InvokeModel$/u],
  ['cloudwatch', /^PutMetricData$/u],
  ['comprehend', /^DetectPiiEntities$/u],
  // Lambda's own, in the role's name, of a function in a VPC; the rule below sees to it that its code can't use them.
  ['ec2', /^(?:(?:Create|Delete|Describe)NetworkInterfaces?|DescribeSubnets|(?:Una|A)ssignPrivateIpAddresses)$/u],
  ['dynamodb', /^(?:(?:Get|Put|Update|Delete|BatchGet)Item|Query|Scan|ConditionCheckItem)$/u],
  ['kms', /^(?:Decrypt|Encrypt|GenerateDataKey|DescribeKey|Sign|GetPublicKey)$/u],
  ['lambda', /^InvokeFunction$/u],
  ['logs', /^(?:CreateLogStream|PutLogEvents)$/u],
  ['s3vectors', /^(?:Get|Put|List|Query|Delete)Vectors$/u],
  ['secretsmanager', /^GetSecretValue$/u],
  ['sns', /^Publish$/u],
  ['sqs', /^(?:SendMessage|ReceiveMessage|DeleteMessage|GetQueueAttributes|ChangeMessageVisibility)$/u],
  ['sts', /^AssumeRole$/u],
]);

/** The role's own policies, as text; a trust policy says who may take the role, not what it may do. */
const grantsOf = ({ type, props }: Resource): readonly Plain[] => {
  switch (type) {
    case 'aws:iam/rolePolicy:RolePolicy':
    case 'aws:iam/policy:Policy':
      return valuesAt(props, 'policy');
    case 'aws:iam/role:Role':
      return valuesAt(props, 'inlinePolicies[].policy');
    default:
      return [];
  }
};

const statementsOf = (document: PlainObject | undefined): readonly PlainObject[] =>
  document === undefined ? [] : listOf(document['Statement']).filter((statement) => isObject(statement));

const allowing = (resource: Resource): readonly PlainObject[] =>
  grantsOf(resource)
    .flatMap((text) => statementsOf(jsonObject(text)))
    .filter((statement) => statement['Effect'] === 'Allow');

const textsOf = (value: Plain | undefined): readonly string[] =>
  listOf(value).filter((item) => typeof item === 'string');

/** Text that is known and is no policy would be judged by nobody. */
const unreadable = (resource: Resource): readonly string[] =>
  grantsOf(resource).some((text) => text !== UNKNOWN && statementsOf(jsonObject(text)).length === 0)
    ? ['its policy is not a policy document.']
    : [];

/** Interfaces have no names that could be known, and AWS knows no resource at all for looking at them. */
const isOfInterfaces = (statement: PlainObject): boolean => {
  const actions = textsOf(statement['Action']);
  return actions.length > 0 && actions.every((action) => action.startsWith('ec2:'));
};

/** A function that got hold of its interfaces could open the network to itself. */
const isDeniedToCode = (resource: Resource, action: string): boolean =>
  grantsOf(resource)
    .flatMap((text) => statementsOf(jsonObject(text)))
    .some(
      (statement) =>
        statement['Effect'] === 'Deny' &&
        textsOf(statement['Action']).includes(action) &&
        textsOf(statement['Resource']).includes('*') &&
        valueAt(statement, 'Condition.ArnLike.lambda:SourceFunctionArn') !== undefined,
    );

const interfaceProblems = (resource: Resource): readonly string[] =>
  allowing(resource)
    .flatMap((statement) => textsOf(statement['Action']))
    .filter((action) => action.startsWith('ec2:') && !isDeniedToCode(resource, action))
    .map((action) => `${action} is for Lambda, and the function's own code is not denied it.`);

/** It asks about the text in its request, and AWS knows no resource for it. */
const isOfText = (statement: PlainObject): boolean => {
  const actions = textsOf(statement['Action']);
  return actions.length === 1 && actions[0] === 'comprehend:DetectPiiEntities';
};

/** `key/*` or `table/*`: every resource of a kind. */
const EVERY_OF_A_KIND = /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:[a-z-]+[/:])?\*$/u;

const wildcardProblems = (statement: PlainObject): readonly string[] => {
  const named = textsOf(statement['Resource']);
  const isNameless = isOfInterfaces(statement) || isOfText(statement);
  const resources = isNameless ? named.map((arn) => arn.replace(/^\*$|\/\*$/u, '/nameless')) : named;
  return [
    ...textsOf(statement['Action'])
      .filter((action) => action.includes('*'))
      .map((action) => `${action} is more than one action.`),
    ...(resources.includes('*') ? ['a statement is for every resource.'] : []),
    ...resources
      .filter((arn) => EVERY_OF_A_KIND.test(arn) && statement['Condition'] === undefined)
      .map((arn) => `${arn} is every resource of its kind, without a condition.`),
    ...['NotAction', 'NotResource'].filter((key) => key in statement).map((key) => `${key} grants whatever AWS adds.`),
    ...(resources.length === 0 && statement['NotResource'] === undefined ? ['a statement names no resource.'] : []),
  ];
};

export const leastPrivilege: ResourceRule = {
  kind: 'resource',
  name: 'least-privilege',
  description: 'A role is granted named actions on named resources, in this program and not by a managed policy.',
  check: (resource) => {
    const managed = valuesAt(resource.props, 'managedPolicyArns[]');
    return [
      ...(resource.type === 'aws:iam/role:Role' && managed.length > 0
        ? ['aws:iam/role:Role has a managed policy, which AWS changes without asking.']
        : []),
      ...[...unreadable(resource), ...allowing(resource).flatMap(wildcardProblems), ...interfaceProblems(resource)].map(
        (problem) => `${resource.type}: ${problem}`,
      ),
    ];
  },
};

const controlPlaneProblem = (action: string): string | undefined => {
  const [service = '', operation = ''] = action.split(':');
  if (GLOBAL_SERVICES.has(service)) {
    return `${action} calls a global control plane.`;
  }
  return RUNTIME_ACTIONS.get(service)?.test(operation) === true
    ? undefined
    : `${action} is not a data-plane action that a running role needs; if it is one, judge it in infra/policy/rules/permissions.ts.`;
};

/** Global endpoints are served from one Region for many. */
const GLOBAL_ENDPOINT = /https?:\/\/(?:sts|iam|route53|cloudfront|globalaccelerator|organizations|s3)\.amazonaws\.com/u;

const globalEndpoints = ({ props }: Resource): readonly string[] =>
  leavesOf(props)
    .filter(({ value }) => typeof value === 'string' && GLOBAL_ENDPOINT.test(value))
    .map(({ path }) => `${path} is a global endpoint.`);

export const noControlPlane: ResourceRule = {
  kind: 'resource',
  name: 'no-control-plane',
  description: 'No running role may call a control plane, and nothing calls a global endpoint.',
  check: (resource) =>
    [
      ...allowing(resource)
        .flatMap((statement) => textsOf(statement['Action']))
        .flatMap((action) => controlPlaneProblem(action) ?? []),
      ...globalEndpoints(resource),
    ].map((problem) => `${resource.type}: ${problem}`),
};

/** Of an endpoint: AWS takes no other principal for one by route, so that the condition says who may pass. */
const namesCallers = (type: string, statement: PlainObject): boolean => {
  const callers = textsOf(valueAt(statement, 'Condition.StringEquals.aws:PrincipalArn'));
  return type === 'aws:ec2/vpcEndpoint:VpcEndpoint' && callers.length > 0 && callers.every((arn) => !arn.includes('*'));
};

const isEverybody = (principal: Plain | undefined): boolean =>
  principal === '*' || (isObject(principal) && Object.values(principal).some((named) => listOf(named).includes('*')));

export const noPublicPrincipal: ResourceRule = {
  kind: 'resource',
  name: 'no-public-principal',
  description: 'No policy of a role, key, bucket or queue lets everybody in.',
  check: ({ type, props }) =>
    Object.keys(props).flatMap((key) =>
      statementsOf(jsonObject(valueAt(props, key)))
        .filter((statement) => statement['Effect'] === 'Allow')
        .filter((statement) => isEverybody(statement['Principal']) || statement['NotPrincipal'] !== undefined)
        .filter((statement) => !namesCallers(type, statement))
        .map(() => `${type}: ${key} lets every principal in.`),
    ),
};
