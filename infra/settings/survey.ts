/** Whether the Region runs the example workload beside the product. */
import { yesOrNo } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

export const readSurvey = (reader: SettingReader): boolean | undefined =>
  reader.withDefault(
    {
      key: 'twinmap:survey',
      meaning: 'whether the example survey runs in this Region',
      mend: 'twinmap:survey true',
      parse: yesOrNo,
    },
    false,
  );
