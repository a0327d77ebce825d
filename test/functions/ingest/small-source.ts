/** A small source for cycle tests: two pages, two code files, a picture; and edits of it. */
import { World } from '../../support/cycle-world.ts';

export const FILES: readonly (readonly [string, string])[] = [
  ['README.md', '# Payments\n\nTakes money.\n\n## On call\n\nAsk the payments team.\n'],
  ['docs/runbook.md', '# Runbook\n\nRestart the worker.\n'],
  ['src/charge.ts', 'export const charge = (amount: number): number => amount * 2;\n'],
  ['logo.png', 'BINARY'],
  ['src/refund.ts', 'export const refund = (amount: number): number => -amount;\n'],
];

export const filled = (): World => {
  const world = new World();
  for (const [name, text] of FILES) {
    world.origin.files.set(name, text);
  }
  return world;
};

export type Edit = (files: Map<string, string>) => void;

/** Each may follow each other one, and itself. */
export const EDITS: readonly Edit[] = [
  (files) => files.set('README.md', '# Payments\n\nChanged.\n\n## On call\n\nAsk somebody else.\n'),
  (files) => files.delete('src/charge.ts'),
  (files) => files.set('docs/new.md', '# New page\n\nWith text.\n'),
  (files) => files.set('README.md', FILES[0]?.[1] ?? ''),
  () => undefined,
];

/** An edit, a deletion and a new file at once. */
export const editMuch: Edit = (files) => {
  files.set('README.md', '# Payments\n\nOnly this is left.\n');
  files.delete('src/charge.ts');
  files.set('docs/new.md', '# New page\n\nWith text.\n');
};

export const takeBack: Edit = (files) => {
  files.delete('docs/new.md');
  for (const [name, text] of FILES) {
    files.set(name, text);
  }
};
