/** The variable that names name servers: addresses only, and a mistake is told with what to write. */
import { describe, expect, it } from 'vitest';

import { parseDnsServers } from '../../../functions/aws/dns-servers.ts';
import { ConfigError } from '../../../functions/domain/errors.ts';

describe('parseDnsServers', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['127.0.0.1:5300', ['127.0.0.1:5300']],
    ['10.0.0.2, [::1]:53 ,', ['10.0.0.2', '[::1]:53']],
  ])('reads %j', (text, servers) => {
    expect(parseDnsServers(text)).toEqual(servers);
  });

  it.each(['dns.example.com', '127.0.0.1:0', '127.0.0.1:70000', '::1', '[127.0.0.1]:53', '127.0.0.1:x'])(
    'refuses %j, and says what to write',
    (text) => {
      expect(() => parseDnsServers(`127.0.0.1,${text}`)).toThrow(ConfigError);
      expect(() => parseDnsServers(text)).toThrow(/ip:port/u);
    },
  );
});
