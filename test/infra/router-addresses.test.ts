/** The static addresses of a load balancer in front go from the stack's settings into its outputs, where the router reads them. */
import { beforeAll, describe, expect, it } from 'vitest';

import { parseRegionConfig } from '../../infra/config.ts';
import { exampleSettings, type Settings } from './complete-settings.ts';

let primary: Settings;
beforeAll(async () => {
  primary = await exampleSettings('primary');
});

const parsedWith = (routerAddresses: string | undefined): ReturnType<typeof parseRegionConfig> =>
  parseRegionConfig({
    ...primary,
    ...(routerAddresses === undefined ? {} : { 'twinmap:routerAddresses': routerAddresses }),
  });

describe('twinmap:routerAddresses', () => {
  it.each([
    [undefined, []],
    ['["10.1.0.10","2001:db8::1"]', ['10.1.0.10', '2001:db8::1']],
  ])('%s is read as addresses', (text, expected) => {
    const parsed = parsedWith(text);
    expect(parsed.kind === 'valid' ? parsed.config.routerAddresses : parsed.problems).toEqual(expected);
  });

  it.each(['["twinmap1.example"]', '10.1.0.10', '["10.1.0.300"]'])('%s is told as a mistake', (text) => {
    const parsed = parsedWith(text);
    expect(parsed.kind === 'invalid' ? parsed.problems : []).toEqual([
      expect.stringMatching(/^twinmap:routerAddresses .*pulumi config set/u),
    ]);
  });
});
