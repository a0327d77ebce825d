/**
 * The versioned table of hidden ties: what needs a Region that no configuration names. The control planes of global services
 * sit in one Region of each partition (AWS Fault Isolation Boundaries): while it fails, running traffic goes on and changes
 * do not. Further rows say which resources never carry traffic at all.
 */
import type { Partition } from './names.ts';

export const RULES_VERSION = '2026-11-2';

export interface ControlPlaneRule {
  readonly id: string;
  readonly service: string;
  /** Prefixes of Terraform types; CloudFormation types are translated. */
  readonly types: readonly string[];
  readonly regions: Readonly<Partial<Record<Partition, string>>>;
  readonly why: string;
}

const EVERYWHERE = { aws: 'us-east-1', 'aws-us-gov': 'us-gov-west-1', 'aws-cn': 'cn-north-1' } as const;
const COMMERCIAL = { aws: 'us-east-1' } as const;
const OREGON = { aws: 'us-west-2' } as const;

const rule = (
  id: string,
  service: string,
  types: string,
  regions: ControlPlaneRule['regions'],
  why: string,
): ControlPlaneRule => ({ id, service, types: types.split(' '), regions, why });

export const CONTROL_PLANE_RULES: readonly ControlPlaneRule[] = [
  rule('iam', 'iam', 'aws_iam_', EVERYWHERE, 'IAM is changed in one Region; roles and policies go on working'),
  rule(
    'organizations',
    'organizations',
    'aws_organizations_ aws_account_',
    EVERYWHERE,
    'Organizations and Account Management are changed in one Region',
  ),
  rule(
    'route53',
    'route53',
    'aws_route53_record aws_route53_zone aws_route53_health_check aws_route53_traffic_policy aws_route53_hosted_zone aws_route53_record_set',
    EVERYWHERE,
    'DNS answers go on; records can’t be changed',
  ),
  rule('cloudfront', 'cloudfront', 'aws_cloudfront_', COMMERCIAL, 'Distributions go on serving; they can’t be changed'),
  rule('shield', 'shield', 'aws_shield_', COMMERCIAL, 'Shield Advanced is changed in one Region'),
  rule('ecr-public', 'ecr-public', 'aws_ecrpublic_ aws_ecr_public_', COMMERCIAL, 'ECR Public is changed in one Region'),
  rule(
    'global-accelerator',
    'globalaccelerator',
    'aws_globalaccelerator_ aws_global_accelerator_',
    OREGON,
    'Accelerators go on routing; they can’t be changed',
  ),
  rule(
    'network-manager',
    'networkmanager',
    'aws_networkmanager_ aws_network_manager_',
    OREGON,
    'Network Manager is changed in one Region',
  ),
  rule(
    'arc',
    'route53-recovery',
    'aws_route53recoverycontrolconfig_ aws_route53recoveryreadiness_ aws_route53recoverycontrol_',
    OREGON,
    'Routing controls are changed through their cluster endpoints; everything else in one Region',
  ),
];

/** Ties that depend on how something is used; the extractors that see the use apply them. */
export const USE_RULES = {
  cloudfrontCertificate: {
    id: 'cloudfront-certificate',
    why: 'CloudFront holds a copy; issuing and renewing needs the Region',
  },
  cloudfrontFirewall: { id: 'cloudfront-waf', why: 'The firewall of a distribution is changed in one Region' },
  lambdaAtEdge: { id: 'lambda-at-edge', why: 'Replicas run at the edge; a new version is published from one Region' },
  globalSts: { id: 'global-sts', why: 'The global STS endpoint lies in one Region' },
  ecrPublicImage: { id: 'ecr-public-image', why: 'Images come from ECR Public; running containers go on' },
  certificate: { id: 'certificate', why: 'Whoever serves it holds a copy; issuing and renewing needs the Region' },
  supporting: { id: 'supporting', why: 'It watches, counts or records; no traffic runs through it' },
  deploy: { id: 'deploy', why: 'Only deploying needs it' },
} as const;

/** In their own Region, but no traffic runs through them. */
const SUPPORTING =
  /^aws_(?:cloudwatch_(?:metric_alarm|composite_alarm|dashboard|log_group|log_metric_filter|alarm)|logs_|lambda_permission$|cur_|budgets_|ce_|cloudtrail|config_|guardduty_|securityhub_|inspector|accessanalyzer_|chatbot_|resourcegroups_|servicequotas_)/u;

const CERTIFICATES = /^aws_(?:acm_certificate|certificatemanager_)/u;

export const isSupporting = (type: string): boolean => SUPPORTING.test(type);
export const isCertificate = (type: string): boolean => CERTIFICATES.test(type);

export const controlPlaneOf = (type: string): ControlPlaneRule | undefined =>
  CONTROL_PLANE_RULES.find(({ types }) => types.some((prefix) => type.startsWith(prefix)));
