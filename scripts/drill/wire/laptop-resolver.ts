/**
 * Loaded into the commands that a drill runs: names of the local Regions are asked of the drill's name server, as a laptop asks its
 * own, so that a name that died is dead for them too. `TWINMAP_DRILL_DNS` is `ip:port`.
 */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';

type Done = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

const server = process.env['TWINMAP_DRILL_DNS'];

if (server !== undefined) {
  const resolver = new dns.Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([server]);
  const system = dns.lookup as (hostname: string, options: LookupOptions, done: Done) => void;
  const lookup = (hostname: string, given: LookupOptions | number | Done, last?: Done): void => {
    const done = typeof given === 'function' ? given : last;
    const options = typeof given === 'object' ? given : {};
    if (done === undefined) {
      throw new TypeError('a look-up needs somebody who is told');
    }
    if (!hostname.endsWith('.twinmap.test')) {
      system(hostname, options, done);
      return;
    }
    resolver.resolve4(hostname, (error, addresses) => {
      if (error !== null) {
        done(error, '');
      } else if (options.all === true) {
        done(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
      } else {
        done(null, addresses[0] ?? '', 4);
      }
    });
  };
  Object.defineProperty(dns, 'lookup', { value: lookup, writable: true, configurable: true });
}
