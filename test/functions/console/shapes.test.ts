/** What the console reads is what the API's document describes: a shape that is written a second time would drift from the first. */
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { ROOT } from '../../support/pair-stage.ts';

const CONSOLE = path.join(ROOT, 'functions/console');

/** Steps are within a report, of which no route says more than what every kind has. */
const OWN = new Set(['regions/report-view.ts']);

describe('the shapes of answers', () => {
  it('are those of the routes: a page writes none of its own', async () => {
    const files = (await readdir(CONSOLE, { recursive: true })).filter(
      (file) => file.endsWith('.ts') && !OWN.has(file),
    );
    const written = files.filter((file) =>
      /\.nullish\(\)|\.default\(|z\.(?:looseObject|object)\(\{\s*(?:items|source|document|workspace|passages|metric)\b/u.test(
        readFileSync(path.join(CONSOLE, file), 'utf8'),
      ),
    );
    expect(files.length).toBeGreaterThan(20);
    expect(written).toStrictEqual([]);
  });
});
