/**
 * Git's protocol version 2 over smart HTTP, as far as reading needs it: what the server can do, which commit a ref names,
 * and packs of exactly the objects that are asked for. Nothing here interprets objects.
 */
import { SourceError } from '../../domain/errors.ts';
import { GitTrouble, quoteRemoteText } from './git-trouble.ts';
import type { GitAnswer, GitTransport } from './http-transport.ts';
import { DELIMITER, encodePacket, FLUSH, type Packet, readPackets, textOf } from './pkt-line.ts';

export type ObjectFormat = 'sha1' | 'sha256';

export interface ServerAbilities {
  readonly objectFormat: ObjectFormat;
  /** Can leave contents out of a pack (`filter`). */
  readonly filters: boolean;
  /** Says where HEAD points even when that branch has no commit. */
  readonly unborn: boolean;
}

export interface RemoteRef {
  readonly name: string;
  /** Null: a ref that names no commit yet. */
  readonly oid: string | null;
  readonly target: string | null;
  /** What an annotated tag stands for. */
  readonly peeled: string | null;
}

export interface FetchRequest {
  readonly wants: readonly string[];
  /** One commit deep, without its history. */
  readonly shallow: boolean;
  readonly filter: 'blob:none' | 'tree:0' | null;
}

export type PackAnswer =
  | { readonly kind: 'whole' }
  /** The sink had enough. */
  | { readonly kind: 'over-cap' }
  /** The server gave up: an object that it doesn't have, or can't read. */
  | { readonly kind: 'refused'; readonly message: string };

/** Takes pack bytes; `enough` ends the answer. */
export type PackSink = (bytes: Buffer) => Promise<'more' | 'enough'>;

const AGENT = 'agent=twinmap';
const CAPABILITY_LINES_MAX = 100;
const BAND_DATA = 1;
const BAND_ERROR = 3;

const failIfError = (line: string): void => {
  if (line.startsWith('ERR ')) {
    throw new GitTrouble('remote', `The git server refused: ${quoteRemoteText(line.slice(4))}`);
  }
};

const noVersion2 = (display: string): SourceError =>
  new SourceError(
    `The server at ${display} does not offer git's protocol version 2 over HTTP. ` +
      'Check that the address is the one that "git clone" uses; servers older than git 2.18 are not supported.',
  );

/** Some servers say `# service=…` and a flush first. */
const readCapabilityLines = async (packets: AsyncIterable<Packet>): Promise<string[]> => {
  const lines: string[] = [];
  for await (const packet of packets) {
    if (packet.kind === 'data') {
      const line = textOf(packet.payload);
      failIfError(line);
      if (!line.startsWith('# service=')) {
        lines.push(line);
      }
    } else if (lines.length > 0) {
      break;
    }
    // A version 0 server lists every ref it has here.
    if (lines.length > CAPABILITY_LINES_MAX || (lines[0] !== undefined && lines[0] !== 'version 2')) {
      break;
    }
  }
  return lines;
};

const parseAbilities = (lines: readonly string[], display: string): ServerAbilities => {
  const features = new Map(
    lines.slice(1).map((line) => {
      const [name = '', value = ''] = line.split('=', 2);
      return [name, value.split(' ')] as const;
    }),
  );
  const fetchFeatures = features.get('fetch');
  if (lines[0] !== 'version 2' || fetchFeatures === undefined || !features.has('ls-refs')) {
    throw noVersion2(display);
  }
  if (!fetchFeatures.includes('shallow')) {
    throw new SourceError(`The git server of ${display} can't serve one commit without its history.`);
  }
  const format = features.get('object-format')?.[0] ?? 'sha1';
  if (format !== 'sha1' && format !== 'sha256') {
    throw new SourceError(`The repository ${display} uses an unknown object format.`);
  }
  return {
    objectFormat: format,
    filters: fetchFeatures.includes('filter'),
    unborn: features.get('ls-refs')?.includes('unborn') ?? false,
  };
};

const command = (name: string, abilities: ServerAbilities, lines: readonly string[]): string =>
  [
    encodePacket(`command=${name}`),
    encodePacket(AGENT),
    encodePacket(`object-format=${abilities.objectFormat}`),
    DELIMITER,
    ...lines.map(encodePacket),
    FLUSH,
  ].join('');

const parseRef = (line: string): RemoteRef => {
  const [oid = '', name = '', ...attributes] = line.split(' ');
  if (name === '' || !/^(?:unborn|[0-9a-f]{40,64})$/u.test(oid)) {
    throw new GitTrouble('remote', 'The git server lists a ref in a form that git does not use.');
  }
  const attribute = (key: string): string | null =>
    attributes.find((one) => one.startsWith(`${key}:`))?.slice(key.length + 1) ?? null;
  return {
    name,
    oid: oid === 'unborn' ? null : oid,
    target: attribute('symref-target'),
    peeled: attribute('peeled'),
  };
};

const checkType = (answer: GitAnswer, wanted: string, display: string): GitAnswer => {
  if (!answer.contentType.startsWith(wanted)) {
    throw noVersion2(display);
  }
  return answer;
};

export const readAbilities = async (
  transport: GitTransport,
  display: string,
  signal: AbortSignal,
): Promise<ServerAbilities> => {
  const answer = checkType(await transport.advertise(signal), 'application/x-git-upload-pack-advertisement', display);
  return parseAbilities(await readCapabilityLines(readPackets(answer.body)), display);
};

/** The refs whose names begin with `prefix`, the first `refsMax` of them. */
export const listRefs = async (
  transport: GitTransport,
  abilities: ServerAbilities,
  ask: { readonly prefix: string; readonly refsMax: number },
  signal: AbortSignal,
): Promise<readonly RemoteRef[]> => {
  const lines = ['peel', 'symrefs', ...(abilities.unborn ? ['unborn'] : []), `ref-prefix ${ask.prefix}`];
  const answer = await transport.upload(command('ls-refs', abilities, lines), signal);
  const refs: RemoteRef[] = [];
  for await (const packet of readPackets(answer.body)) {
    if (packet.kind !== 'data') {
      return refs;
    }
    const line = textOf(packet.payload);
    failIfError(line);
    refs.push(parseRef(line));
    if (refs.length >= ask.refsMax) {
      return refs;
    }
  }
  throw new GitTrouble('remote', "The server's list of refs ends too early.");
};

/** One packet of the pack's own section: data for the sink, progress (ignored), or the server's last words. */
const takeBand = async (payload: Buffer, sink: PackSink): Promise<'more' | 'enough'> => {
  const [band] = payload;
  if (band === BAND_ERROR) {
    throw new GitTrouble('remote', `The git server gave up: ${quoteRemoteText(textOf(payload.subarray(1)))}`);
  }
  return band === BAND_DATA && payload.length > 1 ? sink(payload.subarray(1)) : 'more';
};

const readPackAnswer = async (packets: AsyncIterable<Packet>, sink: PackSink): Promise<PackAnswer> => {
  let section: string | null = null;
  for await (const packet of packets) {
    if (packet.kind === 'flush') {
      return section === 'packfile' ? { kind: 'whole' } : { kind: 'refused', message: 'The git server sent no pack.' };
    }
    if (packet.kind !== 'data') {
      section = null;
    } else if (section === null) {
      section = textOf(packet.payload);
      failIfError(section);
    } else if (section === 'packfile' && (await takeBand(packet.payload, sink)) === 'enough') {
      return { kind: 'over-cap' };
    }
  }
  return { kind: 'refused', message: "The git server's answer ends too early." };
};

/** Asks for objects by id; any id that the server holds may be wanted, not only what its refs name. */
export const fetchPack = async (
  transport: GitTransport,
  abilities: ServerAbilities,
  ask: FetchRequest,
  sink: PackSink,
  signal: AbortSignal,
): Promise<PackAnswer> => {
  const lines = [
    'no-progress',
    'ofs-delta',
    ...ask.wants.map((oid) => `want ${oid}`),
    ...(ask.shallow ? ['deepen 1'] : []),
    ...(ask.filter === null ? [] : [`filter ${ask.filter}`]),
    'done',
  ];
  try {
    const answer = await transport.upload(command('fetch', abilities, lines), signal);
    return await readPackAnswer(readPackets(answer.body), sink);
  } catch (error) {
    if (error instanceof GitTrouble && error.trouble === 'remote') {
      return { kind: 'refused', message: error.message };
    }
    throw error;
  }
};
