/** What contract suites read out of results and pages. */
import type { Result } from '../../../functions/domain/failure.ts';
import type { Page } from '../../../functions/stores/record-store.ts';

const PAGES_MAX = 1000;

/** The value of a result that has to be done; a failure ends the test with its own words. */
export const valueOf = <T>(result: Result<T>): T => {
  if (result.kind === 'failed') {
    const { reason, code, message } = result.failure;
    throw new Error(`${reason} ${code}: ${message}`);
  }
  return result.value;
};

/** All pages of a listing, in order. A listing that never ends is an error, not a hang. */
export const pagesOf = async <T>(
  read: (after: { readonly after?: string }) => Promise<Result<Page<T>>>,
): Promise<readonly (readonly T[])[]> => {
  const pages: (readonly T[])[] = [];
  let after: { readonly after?: string } = {};
  for (let asked = 0; asked < PAGES_MAX; asked += 1) {
    const page = valueOf(await read(after));
    pages.push(page.items);
    if (page.next === undefined) {
      return pages;
    }
    after = { after: page.next };
  }
  throw new Error(`a listing has more than ${PAGES_MAX} pages`);
};

export const itemsOf = async <T>(
  read: (after: { readonly after?: string }) => Promise<Result<Page<T>>>,
): Promise<readonly T[]> => (await pagesOf(read)).flat();
