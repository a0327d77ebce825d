/** The page: buttons that vote, a count that says how fresh it is. Everything that it decides is in `survey-client.ts`. */
import { resultsSentence, voteSentence } from './sentences.ts';
import { type PendingVote, SurveyClient } from './survey-client.ts';

/** The little that is used of a browser's own types, which this project's compiler does not load. */
interface PageElement {
  textContent: string | null;
  setAttribute(name: string, value: string): void;
  replaceChildren(...children: readonly (PageElement | string)[]): void;
  addEventListener(name: 'click', listener: () => void): void;
}
declare const document: {
  querySelector(selector: string): PageElement | null;
  createElement(name: string): PageElement;
};
declare const localStorage: { getItem(name: string): string | null; setItem(name: string, value: string): void };
declare const location: { readonly hash: string };

export interface PageConfig {
  readonly survey: string;
  readonly question: string;
  readonly choices: readonly { readonly id: string; readonly label: string }[];
  /** Preferred first. */
  readonly regions: readonly { readonly id: string; readonly endpoint: string }[];
}

/** Put there by `build-page.ts`. */
declare const CONFIG: PageConfig;

const REFRESH_MS = 5000;
const { survey, choices, regions } = CONFIG;
const first = regions[0]?.id ?? '';

const at = (id: string): PageElement => {
  const element = document.querySelector(`#${id}`);
  if (element === null) {
    throw new TypeError(`the page has no #${id}`);
  }
  return element;
};

/** Some private windows have no storage: what is kept then lasts as long as the page. */
const kept = new Map<string, string>();

const keep = (name: string, value: string): void => {
  kept.set(name, value);
  try {
    localStorage.setItem(`twinmap-${survey}-${name}`, value);
  } catch {
    at('told').textContent = 'This window keeps nothing: open again, it would vote as somebody else.';
  }
};

const recall = (name: string): string => {
  try {
    return kept.get(name) ?? localStorage.getItem(`twinmap-${survey}-${name}`) ?? '';
  } catch {
    return '';
  }
};

const pendingOf = (text: string): PendingVote | undefined => {
  const [choice, key, pressedAt, generation] = text.split(' ');
  return choice === undefined || key === undefined
    ? undefined
    : { choice, key, pressedAt: Number(pressedAt), ...(generation === undefined ? {} : { generation }) };
};

if (recall('voter') === '') {
  // Who votes is a number that nobody can guess, and nobody's name.
  keep('voter', crypto.randomUUID());
}

/** Behind the `#`, which no server and no log of one ever sees. */
const token = new URLSearchParams(location.hash.slice(1)).get('key') ?? '';

const client = new SurveyClient({
  survey,
  regions,
  token,
  voter: recall('voter'),
  memory: {
    read: () => pendingOf(recall('pending')),
    write: (vote) => {
      keep(
        'pending',
        vote === undefined
          ? ''
          : [vote.choice, vote.key, String(vote.pressedAt), vote.generation ?? []].flat().join(' '),
      );
    },
  },
  newKey: () => crypto.randomUUID(),
  now: () => Date.now(),
  random: () => Math.random(),
});

const buttons = choices.map((choice) => ({ ...choice, button: document.createElement('button') }));
let isSending = false;

const showButtons = (): void => {
  const chosen = recall('chosen');
  for (const { id, button } of buttons) {
    button.setAttribute('aria-pressed', String(id === chosen));
    button.setAttribute('aria-disabled', String(isSending));
  }
};

const refresh = async (): Promise<void> => {
  const outcome = await client.results();
  at('freshness').textContent = resultsSentence(outcome, first, (ms) => new Date(ms).toLocaleTimeString());
  if (outcome.kind !== 'counted') {
    return;
  }
  const { counts, votes } = outcome;
  const rows = choices.map(({ id, label }) => {
    const [row, meter] = [document.createElement('li'), document.createElement('meter')];
    meter.setAttribute('max', String(Math.max(1, votes)));
    meter.setAttribute('value', String(counts[id] ?? 0));
    meter.setAttribute('aria-label', `${label}, share of all votes`);
    row.replaceChildren(`${label}: ${counts[id] ?? 0}`, meter);
    return row;
  });
  at('results').replaceChildren(...rows);
};

const cast = async (choice: string, label: string): Promise<void> => {
  if (isSending) {
    return;
  }
  isSending = true;
  showButtons();
  at('told').textContent = 'Sending your vote…';
  const outcome = await client.vote(choice);
  at('told').textContent = voteSentence(outcome, first, label);
  if (outcome.kind === 'held' || outcome.kind === 'reset') {
    keep('chosen', outcome.kind === 'held' ? choice : '');
  }
  isSending = false;
  showButtons();
  await refresh();
};

for (const { id, label, button } of buttons) {
  button.textContent = label;
  button.setAttribute('type', 'button');
  button.addEventListener('click', () => void cast(id, label));
}
at('choices').replaceChildren(...buttons.map(({ button }) => button));
showButtons();
if (token === '') {
  at('told').textContent =
    'This link is incomplete: it ends in “#key=” and the key of the survey. Ask whoever sent it.';
} else {
  if (recall('pending') !== '') {
    at('told').textContent = 'Your last vote was not confirmed. Press it again: it counts once.';
  }
  void refresh();
  setInterval(() => void refresh(), REFRESH_MS);
}
