/** Reads stored JSON text as an object of unknown fields: what a payload's own check starts from. */

export type JsonFields = Readonly<Record<string, unknown>>;

export const isJsonFields = (value: unknown): value is JsonFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined where the text is no such payload; damaged bytes are named by the proof of equality, not here. */
export const parsePayload = <T>(data: string, isPayload: (value: unknown) => value is T): T | undefined => {
  try {
    const value: unknown = JSON.parse(data);
    return isPayload(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
