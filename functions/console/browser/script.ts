/**
 * What a script adds to pages that work without one: keys for searching, an address to copy, and a page that reads itself anew.
 * Bundled by the build; it asks nobody for anything.
 */

/** The little that is used of a browser's own types, which this project's compiler does not load. */
interface PageElement {
  readonly dataset: Readonly<Record<string, string | undefined>>;
  readonly checked?: boolean;
  readonly tagName: string;
  hidden: boolean;
  textContent: string | null;
  focus(): void;
  select?(): void;
  addEventListener(name: 'click' | 'change', listener: () => void): void;
}
interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  preventDefault(): void;
}
declare const document: {
  readonly activeElement: PageElement | null;
  readonly visibilityState: string;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  addEventListener(name: 'keydown', listener: (press: KeyPress) => void): void;
};
declare const location: { readonly href: string; reload(): void };
declare const navigator: { readonly clipboard?: Clipboard };
declare const sessionStorage: { getItem(name: string): string | null; setItem(name: string, value: string): void };

const MS = 1000;
const WRITTEN_IN = new Set(['INPUT', 'TEXTAREA', 'SELECT']);

const openKeys = (): void => {
  const results = [...document.querySelectorAll('[data-result]')];
  const step = (by: number): void => {
    const at = results.findIndex((one) => one === document.activeElement);
    const next = at === -1 ? (by > 0 ? 0 : results.length - 1) : at + by;
    results[Math.max(0, Math.min(results.length - 1, next))]?.focus();
  };
  document.addEventListener('keydown', (press) => {
    const isWriting = WRITTEN_IN.has(document.activeElement?.tagName ?? '');
    if (press.ctrlKey || press.metaKey || press.altKey || isWriting) {
      return;
    }
    const field = document.querySelector(`[data-focus-key="${press.key === '/' ? '/' : 'none'}"]`);
    if (field !== null) {
      press.preventDefault();
      field.focus();
      field.select?.();
    } else if (press.key === 'j' || press.key === 'k') {
      step(press.key === 'j' ? 1 : -1);
    }
  });
};

interface Clipboard {
  writeText(text: string): Promise<void>;
}

const copy = async (button: PageElement, clipboard: Clipboard): Promise<void> => {
  try {
    await clipboard.writeText(location.href);
    button.textContent = 'Copied';
  } catch {
    // A browser may ask its user first, who may say no.
    button.textContent = 'This browser does not let it be copied';
  }
};

const openCopy = (): void => {
  const button = document.querySelector('[data-copy-address]');
  const { clipboard } = navigator;
  if (button === null || clipboard === undefined) {
    return;
  }
  button.hidden = false;
  button.addEventListener('click', () => {
    void copy(button, clipboard);
  });
};

/** Where a person has asked for it, and only while the page is seen. */
const openRefresh = (): void => {
  const box = document.querySelector('[data-refresh-seconds]');
  const label = document.querySelector('[data-refresh-label]');
  if (box === null || label === null) {
    return;
  }
  label.hidden = false;
  const wanted: PageElement & { checked?: boolean } = box;
  wanted.checked = sessionStorage.getItem('refresh') === 'on';
  box.addEventListener('change', () => {
    sessionStorage.setItem('refresh', box.checked === true ? 'on' : 'off');
  });
  setInterval(
    () => {
      if (box.checked === true && document.visibilityState === 'visible') {
        location.reload();
      }
    },
    Number(box.dataset['refreshSeconds']) * MS,
  );
};

openKeys();
openCopy();
openRefresh();
