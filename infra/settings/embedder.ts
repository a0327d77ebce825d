/** What turns text into vectors, and how long they are. An index can never change its dimension, so a mistake here is a lost index. */
import { oneOf } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

export type EmbedderSettings =
  | { readonly embedder: 'static'; readonly embeddingDimensions: number }
  | { readonly embedder: 'bedrock'; readonly embeddingModel: string; readonly embeddingDimensions: number };

/** The shipped table has this many. */
const STATIC_DIMENSIONS = 256;

const TITAN = 'amazon.titan-embed-text-v2:0';
const TITAN_DIMENSIONS: readonly string[] = ['256', '512', '1024'];

/** `us.`, `eu.`, `apac.`, `us-gov.`, `global.`: whatever comes before the provider of the model. */
const PROFILE_ID = /^(?:[a-z]{2,6}(?:-gov)?|global)\.[a-z0-9]+\./u;
const PROFILE_ARN = /^arn:[a-z-]+:bedrock:[a-z0-9-]*:\d*:(?:application-)?inference-profile\//u;

const modelId = (text: string): Parsed<string> => {
  if (PROFILE_ARN.test(text) || (PROFILE_ID.test(text) && !text.startsWith('amazon.'))) {
    return wrong(
      `is ${JSON.stringify(text)}, a cross-Region inference profile: it sends text to Regions that AWS chooses, and not only to the two of this install`,
    );
  }
  return text === TITAN ? value(text) : wrong(`is ${JSON.stringify(text)}, and only ${TITAN} is known`);
};

const dimensionsOf =
  (embedder: 'static' | 'bedrock' | undefined) =>
  (text: string): Parsed<number> => {
    if (embedder === 'bedrock') {
      return TITAN_DIMENSIONS.includes(text)
        ? value(Number(text))
        : wrong(`is ${JSON.stringify(text)}, but ${TITAN} makes vectors of ${TITAN_DIMENSIONS.join(', ')} numbers`);
    }
    return text === String(STATIC_DIMENSIONS)
      ? value(STATIC_DIMENSIONS)
      : wrong(`is ${JSON.stringify(text)}, but the static embedder makes vectors of ${STATIC_DIMENSIONS} numbers`);
  };

const indexDimensions = (text: string): Parsed<number> =>
  /^\d{2,4}$/u.test(text) ? value(Number(text)) : wrong(`is ${JSON.stringify(text)}, which is no number of dimensions`);

/**
 * The program looks nothing up, so a person writes down what the index has, from the output of that name. Without it the engine
 * refuses too, since the index is protected, but only after other resources were changed.
 */
const checkIndex = (reader: SettingReader, dimensions: number | undefined): void => {
  const existing = reader.optional({
    key: 'twinmap:indexDimensions',
    meaning: 'which dimension the existing index has, from the output of that name',
    mend: 'twinmap:indexDimensions 256',
    parse: indexDimensions,
  });
  if (existing !== undefined && dimensions !== undefined && existing !== dimensions) {
    const why = `is ${dimensions}, but the existing index has ${existing}: no index changes its dimension, and a new one is empty`;
    reader.problem('twinmap:embeddingDimensions', why, `twinmap:embeddingDimensions ${existing}`);
  }
};

export const readEmbedder = (reader: SettingReader): EmbedderSettings | undefined => {
  const embedder = reader.withDefault(
    {
      key: 'twinmap:embedder',
      meaning: 'what turns text into vectors',
      mend: 'twinmap:embedder static',
      parse: oneOf(['static', 'bedrock']),
    },
    'static',
  );
  const embeddingModel = reader.withDefault(
    {
      key: 'twinmap:embeddingModel',
      meaning: 'which model of Bedrock makes the vectors',
      mend: `twinmap:embeddingModel ${TITAN}`,
      parse: modelId,
    },
    TITAN,
  );
  const embeddingDimensions = reader.withDefault(
    {
      key: 'twinmap:embeddingDimensions',
      meaning: 'how long a vector is',
      mend: `twinmap:embeddingDimensions ${STATIC_DIMENSIONS}`,
      parse: dimensionsOf(embedder),
    },
    STATIC_DIMENSIONS,
  );
  checkIndex(reader, embeddingDimensions);
  if (embedder === undefined || embeddingModel === undefined || embeddingDimensions === undefined) {
    return undefined;
  }
  return embedder === 'static' ? { embedder, embeddingDimensions } : { embedder, embeddingModel, embeddingDimensions };
};
