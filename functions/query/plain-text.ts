/**
 * Retrieved text is data: it is shown as it is written, but for characters that change what a person or a model sees without being
 * seen: controls, marks that turn the direction of writing, and letters that no font draws.
 */

/** Line ends and tabs stay; so do joiners, without which some scripts and emoji fall apart. */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- these are what is taken out
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

export const plainText = (text: string): string => text.replaceAll(UNSEEN, '');
