/**
 * Finds personal data that has no form and no check digit: names and addresses of people. Whoever does it is a service of the own
 * Region; where it does not answer, the built-in rules have been applied all the same, and the document says that it wants another look.
 */
export interface DetectedSpan {
  /** In UTF-16 units, as strings of this language count. */
  readonly start: number;
  readonly end: number;
  /** As it stands in the mark: `name`. */
  readonly kind: string;
}

export type Detection =
  | { readonly kind: 'found'; readonly spans: readonly DetectedSpan[] }
  /** `code` names the trouble, and no content. */
  | { readonly kind: 'unavailable'; readonly code: string };

export interface PersonalDataDetector {
  /** Another name means that everything is redacted again. */
  readonly name: string;
  /** Never throws, also where it is given up. */
  detect(text: string, signal: AbortSignal): Promise<Detection>;
}
