/** Every item of a listing, page by page. */
import { done, type Result } from '../domain/failure.ts';
import type { Page } from '../stores/record-store.ts';

export const collectPages = async <T>(
  read: (after: string | undefined) => Promise<Result<Page<T>>>,
): Promise<Result<T[]>> => {
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
export const from = (after: string | undefined): { after?: string } => (after === undefined ? {} : { after });
