/** Whether Amazon Comprehend looks for personal data that no rule finds, in texts of sources whose mode asks for it, and in which language. */
import { oneOf } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

/** The languages in which the service finds personal data. */
export type ComprehendLanguage = 'en' | 'es';

/** `true` is English, which most texts about systems are in. */
export const readComprehend = (reader: SettingReader): ComprehendLanguage | undefined => {
  const setting = reader.withDefault(
    {
      key: 'twinmap:comprehend',
      meaning: 'whether Amazon Comprehend looks for personal data, and in which language',
      mend: 'twinmap:comprehend true',
      parse: oneOf(['false', 'true', 'en', 'es']),
    },
    'false',
  );
  switch (setting) {
    case 'true':
    case 'en': {
      return 'en';
    }
    case 'es': {
      return 'es';
    }
    case 'false':
    case undefined: {
      return undefined;
    }
  }
};
