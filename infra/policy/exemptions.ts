/**
 * Resources that may break a rule for now, each with the reason. An exemption that is no longer needed is itself a violation,
 * and every one is told at each preview. There is none at present.
 */

export interface Exemption {
  readonly rule: string;
  /** Logical names. */
  readonly resources: readonly string[];
  readonly because: string;
}

export const EXEMPTIONS: readonly Exemption[] = [];

export const exemptionOf = (
  rule: string,
  resource: string,
  exemptions: readonly Exemption[] = EXEMPTIONS,
): Exemption | undefined => exemptions.find((row) => row.rule === rule && row.resources.includes(resource));
