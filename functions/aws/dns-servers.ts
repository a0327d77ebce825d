/**
 * Name servers named by a variable, in place of the operating system's: `127.0.0.1:5300,[::1]:53`. An embedded Region uses
 * it to point the functions at its own DNS, so that real DNS failures reach the unmodified clients.
 */
import { isIP } from 'node:net';

import { ConfigError } from '../domain/errors.ts';

const SERVER = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+))(?::(?<port>\d{1,5}))?$/u;
const PORT_MAX = 65_535;

const isServer = (text: string): boolean => {
  const { six, four, port } = SERVER.exec(text)?.groups ?? {};
  const isAddress = six === undefined ? isIP(four ?? '') === 4 : isIP(six) === 6;
  return isAddress && (port === undefined || (Number(port) > 0 && Number(port) <= PORT_MAX));
};

/** Empty where nothing is named: the operating system's own servers are asked. */
export const parseDnsServers = (text: string | undefined): readonly string[] => {
  const servers = (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const wrong = servers.find((server) => !isServer(server));
  if (wrong !== undefined) {
    throw new ConfigError(
      `TWINMAP_DNS_SERVERS names ${JSON.stringify(wrong)}, which is no address of a name server; write ip:port, for instance 127.0.0.1:5300,[::1]:53`,
    );
  }
  return servers;
};
