/** Opens what looks for personal data beyond the built-in rules, where the stack has it: Amazon Comprehend of the home Region. */
import { DETECTED_LANGUAGES, isDetectedLanguage, openComprehend } from '../aws/comprehend-detector.ts';
import { ConfigError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import type { PersonalDataDetector } from '../ingest/redact/detector.ts';
import { type Environment, homeTarget } from './environment.ts';

/** One for each invocation; answers undefined where the stack has none. */
export const openDetector = (environment: Environment): (() => PersonalDataDetector | undefined) => {
  const language = environment['TWINMAP_COMPREHEND'] ?? '';
  if (language === '') {
    return () => undefined;
  }
  if (!isDetectedLanguage(language)) {
    throw new ConfigError(
      `TWINMAP_COMPREHEND is ${JSON.stringify(language)}, which is none of: ${DETECTED_LANGUAGES.join(', ')}; deploy the stack again`,
    );
  }
  const target = homeTarget(environment, 'COMPREHEND', LIMITS.detectCallTimeoutMs);
  return openComprehend(target, language);
};
