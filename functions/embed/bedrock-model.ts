/**
 * What may be asked of Bedrock: Titan Text Embeddings V2, in the home Region. Other models, and the inference profiles that
 * route to Regions of AWS's own choice, are refused by name: a vector would come from a place that nobody declared.
 */
import { ConfigError } from '../domain/errors.ts';

export const TITAN_MODEL = 'amazon.titan-embed-text-v2:0';

export const TITAN_DIMENSIONS = [256, 512, 1024] as const;

export type TitanDimensions = (typeof TITAN_DIMENSIONS)[number];

export interface BedrockModel {
  readonly model: typeof TITAN_MODEL;
  readonly dimensions: TitanDimensions;
}

/** Geographic and global inference profiles, and ARNs of profiles. */
const CROSS_REGION = /^(?:[a-z]{2,6}(?:-gov)?\.|global\.|arn:)/u;

const isOfTitan = (model: string): boolean => model.startsWith('amazon.');

export const parseBedrockModel = (model: string, dimensionsText: string): BedrockModel => {
  if (!isOfTitan(model) && CROSS_REGION.test(model)) {
    throw new ConfigError(
      `the embedding model ${JSON.stringify(model)} is a cross-Region inference profile, which sends text to Regions that AWS chooses; use ${TITAN_MODEL}`,
    );
  }
  if (model !== TITAN_MODEL) {
    throw new ConfigError(`the embedding model ${JSON.stringify(model)} is not known; use ${TITAN_MODEL}`);
  }
  const dimensions = TITAN_DIMENSIONS.find((one) => String(one) === dimensionsText);
  if (dimensions === undefined) {
    throw new ConfigError(
      `${TITAN_MODEL} makes vectors of ${TITAN_DIMENSIONS.join(', ')} numbers, not of ${JSON.stringify(dimensionsText)}`,
    );
  }
  return { model: TITAN_MODEL, dimensions };
};
