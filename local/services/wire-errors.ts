/**
 * Errors in the shape that each service's SDK client reads: DynamoDB, SQS, KMS, Secrets Manager and Comprehend name the error in the body, S3 Vectors,
 * AppConfig, Bedrock and Lambda in a header, STS in XML. Used for what every service may answer: throttling, 5xx, a wrong signature, a refusal.
 */
import type { ServiceName, ServiceReply, WireError } from './service.ts';

export type FailureKind = 'throttle' | 'error-500' | 'error-503' | 'denied' | 'signature' | 'too-large' | 'unknown';

type Shape = readonly [status: number, type: string];

const CORAL = 'com.amazon.coral.service#';
const DYNAMODB = 'com.amazonaws.dynamodb.v20120810#';
const SQS = 'com.amazonaws.sqs#';

const SHAPES: Readonly<Record<ServiceName, Readonly<Record<FailureKind, Shape>>>> = {
  dynamodb: {
    throttle: [400, `${DYNAMODB}ProvisionedThroughputExceededException`],
    'error-500': [500, `${DYNAMODB}InternalServerError`],
    'error-503': [503, `${CORAL}ServiceUnavailableException`],
    denied: [400, `${CORAL}AccessDeniedException`],
    signature: [400, `${CORAL}InvalidSignatureException`],
    'too-large': [413, `${CORAL}SerializationException`],
    unknown: [400, `${CORAL}UnknownOperationException`],
  },
  s3vectors: {
    throttle: [429, 'TooManyRequestsException'],
    'error-500': [500, 'InternalServerException'],
    'error-503': [503, 'ServiceUnavailableException'],
    denied: [403, 'AccessDeniedException'],
    signature: [403, 'InvalidSignatureException'],
    'too-large': [400, 'ValidationException'],
    unknown: [404, 'UnknownOperationException'],
  },
  appconfig: {
    throttle: [429, 'ThrottlingException'],
    'error-500': [500, 'InternalServerException'],
    'error-503': [503, 'ServiceUnavailableException'],
    denied: [403, 'AccessDeniedException'],
    signature: [403, 'InvalidSignatureException'],
    'too-large': [413, 'PayloadTooLargeException'],
    unknown: [404, 'UnknownOperationException'],
  },
  sqs: {
    throttle: [400, `${SQS}RequestThrottled`],
    'error-500': [500, `${SQS}InternalFailure`],
    'error-503': [503, `${SQS}ServiceUnavailable`],
    denied: [403, `${CORAL}AccessDeniedException`],
    signature: [403, `${CORAL}InvalidSignatureException`],
    'too-large': [400, `${SQS}InvalidParameterValue`],
    unknown: [400, `${SQS}UnsupportedOperation`],
  },
  kms: {
    throttle: [400, 'ThrottlingException'],
    'error-500': [500, 'KMSInternalException'],
    'error-503': [503, 'DependencyTimeoutException'],
    denied: [400, 'AccessDeniedException'],
    signature: [400, 'InvalidSignatureException'],
    'too-large': [413, 'SerializationException'],
    unknown: [400, 'UnknownOperationException'],
  },
  bedrock: {
    throttle: [429, 'ThrottlingException'],
    'error-500': [500, 'InternalServerException'],
    'error-503': [503, 'ServiceUnavailableException'],
    denied: [403, 'AccessDeniedException'],
    signature: [403, 'InvalidSignatureException'],
    'too-large': [413, 'ValidationException'],
    unknown: [404, 'UnknownOperationException'],
  },
  sts: {
    throttle: [400, 'Throttling'],
    'error-500': [500, 'InternalFailure'],
    'error-503': [503, 'ServiceUnavailable'],
    denied: [403, 'AccessDenied'],
    signature: [403, 'SignatureDoesNotMatch'],
    'too-large': [413, 'ValidationError'],
    unknown: [400, 'InvalidAction'],
  },
  lambda: {
    throttle: [429, 'TooManyRequestsException'],
    'error-500': [500, 'ServiceException'],
    'error-503': [503, 'ServiceUnavailableException'],
    denied: [403, 'AccessDeniedException'],
    signature: [403, 'InvalidSignatureException'],
    'too-large': [413, 'RequestTooLargeException'],
    unknown: [404, 'UnknownOperationException'],
  },
  secretsmanager: {
    throttle: [400, 'ThrottlingException'],
    'error-500': [500, 'InternalServiceError'],
    'error-503': [503, 'ServiceUnavailableException'],
    denied: [400, 'AccessDeniedException'],
    signature: [400, 'InvalidSignatureException'],
    'too-large': [413, 'SerializationException'],
    unknown: [400, 'UnknownOperationException'],
  },
  comprehend: {
    throttle: [400, 'TooManyRequestsException'],
    'error-500': [500, 'InternalServerException'],
    'error-503': [503, 'ServiceUnavailableException'],
    denied: [400, 'AccessDeniedException'],
    signature: [400, 'InvalidSignatureException'],
    'too-large': [400, 'TextSizeLimitExceededException'],
    unknown: [400, 'UnknownOperationException'],
  },
};

/** Services that name the operation in a header and the error in the body; those of the second kind speak version 1.1. */
const TARGETED: ReadonlySet<ServiceName> = new Set(['dynamodb', 'sqs', 'kms', 'secretsmanager', 'comprehend']);
const VERSION_1_1: ReadonlySet<ServiceName> = new Set(['kms', 'secretsmanager', 'comprehend']);

/** The query protocol answers in XML. */
const XML_ERROR = 'https://sts.amazonaws.com/doc/2011-06-15/';

const xmlText = (text: string): string =>
  text.replaceAll(/[&<>"']/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);

const xmlReply = (status: number, type: string, body: object): ServiceReply => {
  const text = 'message' in body && typeof body.message === 'string' ? xmlText(body.message) : '';
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse xmlns="${XML_ERROR}"><Error><Type>Sender</Type><Code>${type}</Code><Message>${text}</Message></Error><RequestId>local</RequestId></ErrorResponse>`,
  };
};

/** AWS's own names in the older query protocol; the SQS client takes an error's public code from this header. */
const SQS_QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

const shortType = (type: string): string => type.slice(type.indexOf('#') + 1);

const jsonTargetReply = (service: ServiceName, status: number, type: string, body: object): ServiceReply => {
  const short = shortType(type);
  const query = service === 'sqs' ? { 'x-amzn-query-error': `${SQS_QUERY_CODES[short] ?? short};Sender` } : {};
  return {
    status,
    headers: { 'content-type': `application/x-amz-json-${VERSION_1_1.has(service) ? '1.1' : '1.0'}`, ...query },
    body: JSON.stringify({ __type: type, ...body }),
  };
};

const errorReply = (service: ServiceName, status: number, type: string, body: object): ServiceReply => {
  if (service === 'sts') {
    return xmlReply(status, type, body);
  }
  return TARGETED.has(service)
    ? jsonTargetReply(service, status, type, body)
    : {
        status,
        headers: { 'content-type': 'application/json', 'x-amzn-errortype': shortType(type) },
        body: JSON.stringify(body),
      };
};

const messageOf = (service: ServiceName, message: string): object =>
  service === 'appconfig' ? { Message: message } : { message };

export const failureReply = (service: ServiceName, kind: FailureKind, message: string): ServiceReply => {
  const [status, type] = SHAPES[service][kind];
  return errorReply(service, status, type, messageOf(service, message));
};

export const wireErrorReply = (service: ServiceName, error: WireError): ServiceReply =>
  errorReply(service, error.status, error.type, { ...messageOf(service, error.message), ...error.details });
