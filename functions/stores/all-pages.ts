/** Every item of a listing, page by page, for listings that are wanted whole. */
import { done, type Result } from '../domain/failure.ts';
import type { Page } from './record-store.ts';

/** Stops at the first page that can't be read: a part of a listing is never taken for the whole. */
export const readAllPages = async <T>(
  read: (after: string | undefined) => Promise<Result<Page<T>>>,
): Promise<Result<readonly T[]>> => {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const page = await read(after);
    if (page.kind === 'failed') {
      return page;
    }
    items.push(...page.value.items);
    after = page.value.next;
  } while (after !== undefined);
  return done(items);
};

/** The option that asks for the page after. */
export const pageAfter = (after: string | undefined): { after?: string } => (after === undefined ? {} : { after });
