/** Around each function: bounded retries of its schedule, a log group of its own, an alarm on its errors. */
import { type Exemption, EXEMPTIONS, exemptionOf } from '../exemptions.ts';
import { isTextOrUnknown, valueAt } from '../plain-values.ts';
import type { Resource, ResourceRule, StackFinding, StackRule } from '../rule.ts';

const FUNCTION = 'aws:lambda/function:Function';
const RETRIES_MAX = 5;
const EVENT_AGE_SECONDS_MAX = 24 * 3600 - 1;

const isAtMost = (value: unknown, max: number): boolean => typeof value === 'number' && value <= max;

export const boundedRetries: ResourceRule = {
  kind: 'resource',
  name: 'bounded-retries',
  description:
    'A schedule drops what is late, within its bounds and not by the 185 retries in 24 hours of the default.',
  check: ({ type, props }) => {
    if (type !== 'aws:scheduler/schedule:Schedule') {
      return [];
    }
    return [
      ...(isAtMost(valueAt(props, 'target.retryPolicy.maximumRetryAttempts'), RETRIES_MAX)
        ? []
        : [`${type} sets no bound of ${RETRIES_MAX} retries: set target.retryPolicy.maximumRetryAttempts.`]),
      ...(isAtMost(valueAt(props, 'target.retryPolicy.maximumEventAgeInSeconds'), EVENT_AGE_SECONDS_MAX)
        ? []
        : [`${type} replays calls of a day ago: set target.retryPolicy.maximumEventAgeInSeconds.`]),
      ...(isTextOrUnknown(valueAt(props, 'target.deadLetterConfig.arn'))
        ? []
        : [`${type} forgets what it could not deliver: set target.deadLetterConfig.arn.`]),
    ];
  },
};

const functionsIn = (resources: readonly Resource[]): readonly Resource[] =>
  resources.filter(({ type }) => type === FUNCTION);

export const functionLogGroup: StackRule = {
  kind: 'stack',
  name: 'function-log-group',
  description: 'Every function writes to a log group of its own that the program declares.',
  check: (resources) => {
    const groups = new Set(
      resources.filter(({ type }) => type === 'aws:cloudwatch/logGroup:LogGroup').map(({ props }) => props['name']),
    );
    const used = functionsIn(resources).map(({ props }) => valueAt(props, 'loggingConfig.logGroup'));
    return functionsIn(resources)
      .map((resource): StackFinding | undefined => {
        const group = valueAt(resource.props, 'loggingConfig.logGroup');
        if (typeof group !== 'string' || !groups.has(group)) {
          return {
            urn: resource.urn,
            message: `${resource.name} has no declared log group: Lambda would make one that never expires.`,
          };
        }
        return used.filter((other) => other === group).length > 1
          ? { urn: resource.urn, message: `${resource.name} shares the log group ${group}.` }
          : undefined;
      })
      .filter((finding) => finding !== undefined);
  },
};

const watched = (resources: readonly Resource[]): readonly unknown[] =>
  resources
    .filter(({ type, props }) => type === 'aws:cloudwatch/metricAlarm:MetricAlarm' && props['metricName'] === 'Errors')
    .map(({ props }) => valueAt(props, 'dimensions.FunctionName'));

/** The list is an argument, so that a test can show what an exemption does while there is none. */
export const functionAlarmRule = (exemptions: readonly Exemption[]): StackRule => ({
  kind: 'stack',
  name: 'function-alarm',
  description: 'Every function has an alarm on its errors.',
  check: (resources) => {
    const alarms = watched(resources);
    return functionsIn(resources).flatMap(({ urn, name, props }): readonly StackFinding[] => {
      const exemption = exemptionOf('function-alarm', name, exemptions);
      if (alarms.includes(props['name'])) {
        const message = `${name} has an alarm: take its exemption out of infra/policy/exemptions.ts.`;
        return exemption === undefined ? [] : [{ urn, message }];
      }
      const message = `${name} has no alarm on its errors.`;
      return [{ urn, message, ...(exemption === undefined ? {} : { exemptedBecause: exemption.because }) }];
    });
  },
});

export const functionAlarm = functionAlarmRule(EXEMPTIONS);
