/** Reads a stored payload as fields; damaged bytes read as absent, and the proof of equality is what names them. */

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const parseJsonFields = (data: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(data);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
