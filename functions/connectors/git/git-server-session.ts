/**
 * One git server during one invocation: its abilities asked once, packs downloaded into nameless temporary files under a
 * byte cap, and a second try where only the connection failed. What the objects mean is for others.
 */
import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, open, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GitBounds } from './git-bounds.ts';
import type { GitSource } from './git-source.ts';
import { GitTrouble } from './git-trouble.ts';
import type { GitTransport } from './http-transport.ts';
import { PackFile } from './pack-file.ts';
import {
  type FetchRequest,
  fetchPack,
  listRefs,
  type PackAnswer,
  type PackSink,
  readAbilities,
  type RemoteRef,
  type ServerAbilities,
} from './protocol-v2.ts';

export interface Download {
  readonly answer: PackAnswer;
  /** Whatever arrived, also when the answer was cut; the caller closes it. */
  readonly pack: PackFile;
}

export interface DownloadBounds {
  readonly packBytesMax: number;
  /** Objects over this are known by id and size only. */
  readonly contentBytesMax: number;
}

export class GitServerSession {
  readonly source: GitSource;
  readonly bounds: GitBounds;
  readonly #transport: GitTransport;
  readonly #directory: string;
  #scratch: string | null = null;
  #files = 0;
  #abilities: ServerAbilities | null = null;

  constructor(source: GitSource, bounds: GitBounds, transport: GitTransport, directory: string) {
    this.source = source;
    this.bounds = bounds;
    this.#transport = transport;
    this.#directory = directory;
  }

  async abilities(signal: AbortSignal): Promise<ServerAbilities> {
    this.#abilities ??= await this.#try(
      async () => readAbilities(this.#transport, this.source.display, signal),
      signal,
    );
    return this.#abilities;
  }

  async refs(prefix: string, refsMax: number, signal: AbortSignal): Promise<readonly RemoteRef[]> {
    const abilities = await this.abilities(signal);
    return this.#try(async () => listRefs(this.#transport, abilities, { prefix, refsMax }, signal), signal);
  }

  async download(ask: FetchRequest, bounds: DownloadBounds, signal: AbortSignal): Promise<Download> {
    const abilities = await this.abilities(signal);
    return this.#try(async () => {
      const handle = await this.#temporaryFile();
      try {
        const sink = createCappedSink(handle, bounds.packBytesMax);
        const answer = await fetchPack(this.#transport, abilities, ask, sink, signal);
        const { contentBytesMax } = bounds;
        const pack = await PackFile.open(handle, abilities.objectFormat, { ...this.bounds, contentBytesMax }, signal);
        return { answer, pack };
      } catch (error) {
        await handle.close();
        throw error;
      }
    }, signal);
  }

  async close(): Promise<void> {
    this.#transport.close();
    if (this.#scratch !== null) {
      await rm(this.#scratch, { recursive: true, force: true });
    }
  }

  /** The file loses its name at once: whatever ends this process, nothing is left behind in the scratch space. */
  async #temporaryFile(): Promise<FileHandle> {
    this.#scratch ??= await mkdtemp(path.join(this.#directory, 'git-'));
    this.#files += 1;
    const name = path.join(this.#scratch, `pack-${String(this.#files)}`);
    const handle = await open(name, 'wx+');
    await unlink(name);
    return handle;
  }

  async #try<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { attemptsMax, retryDelayMs, retryDelayMsMax } = this.bounds;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        signal.throwIfAborted();
        const waitMs = error instanceof GitTrouble ? (error.retryAfterMs ?? retryDelayMs) : Number.POSITIVE_INFINITY;
        const worthIt = error instanceof GitTrouble && error.trouble === 'transport';
        if (!worthIt || attempt >= attemptsMax || waitMs > retryDelayMsMax) {
          throw error;
        }
        await delay(waitMs, undefined, { signal });
      }
    }
  }
}

const createCappedSink = (handle: FileHandle, bytesMax: number): PackSink => {
  let written = 0;
  return async (bytes) => {
    if (written + bytes.length > bytesMax) {
      return 'enough';
    }
    written += bytes.length;
    await handle.write(bytes);
    return 'more';
  };
};
