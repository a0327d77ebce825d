/** What a token of an identity provider looks like: known without what judges one, which is loaded when the first one comes. */

const BEARER_PATTERN = /^bearer +(?<token>[\w-]+\.[\w-]+\.[\w-]+)$/iu;

/** Undefined where it shows none: three parts with dots, which no API key has. */
export const providerTokenIn = (authorization: string): string | undefined =>
  BEARER_PATTERN.exec(authorization.trim())?.groups?.['token'];
