/**
 * Tells a local repository from a remote address, and says clearly what is wrong with a local one: a missing path, a folder
 * that is no repository, a folder inside of one, or a repository without a commit.
 */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SourceError } from '../../functions/domain/errors.ts';
import { parseGitSource } from '../../functions/connectors/git/git-source.ts';
import { gitDirectoryOf, runGit } from './git-command.ts';

/** `scheme://`, `helper::` and `user@host:path` are addresses, as git reads them; everything else is a path. */
const isRemoteAddress = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]*:(?:\/\/|:)/iu.test(text) || /^[^/\s]+@[^/\s]+:/u.test(text);

const pathFromFileUrl = (text: string): string => {
  try {
    return fileURLToPath(text);
  } catch (error) {
    throw new SourceError(
      `"${text}" is not a usable file:// address. Write file:///absolute/path, or the path alone.`,
      {
        cause: error,
      },
    );
  }
};

const checkFolder = async (folder: string): Promise<string> => {
  let resolved: string;
  try {
    resolved = await realpath(folder);
  } catch (error) {
    throw new SourceError(`The source ${folder} does not exist, or may not be read. Check the path.`, { cause: error });
  }
  const found = await stat(resolved);
  if (!found.isDirectory()) {
    throw new SourceError(`The source ${folder} is a file. Name the folder of a git repository.`);
  }
  return resolved;
};

const checkRepository = async (folder: string): Promise<void> => {
  const inside = await runGit(['-C', folder, 'rev-parse', '--is-inside-work-tree', '--show-prefix']);
  if (inside.kind === 'failed') {
    throw new SourceError(
      `The source ${folder} is not a git repository. Pick the folder that holds .git, or make it one: ` +
        'git init, git add, git commit.',
    );
  }
  const [insideWorkTree, prefix = ''] = inside.text.split('\n');
  if (insideWorkTree === 'true' && prefix !== '') {
    const top = await runGit(['-C', folder, 'rev-parse', '--show-toplevel']);
    const whole = top.kind === 'output' ? top.text : 'the folder above';
    throw new SourceError(`The source ${folder} is a folder inside a repository. Name the repository: ${whole}.`);
  }
  const gitDirectory = await gitDirectoryOf(folder);
  if (insideWorkTree !== 'true' && path.basename(folder) !== '.git' && (await realpath(gitDirectory)) !== folder) {
    throw new SourceError(`The source ${folder} is a folder inside a repository's own files. Name ${gitDirectory}.`);
  }
};

const checkHasCommit = async (folder: string): Promise<void> => {
  const head = await runGit(['-C', folder, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  if (head.kind === 'output') {
    return;
  }
  const branches = await runGit([
    '-C',
    folder,
    'for-each-ref',
    '--count=5',
    '--format=%(refname:short)',
    'refs/heads/',
  ]);
  if (branches.kind === 'output' && branches.text !== '') {
    const names = branches.text.split('\n').join(', ');
    throw new SourceError(
      `HEAD of the source ${folder} names a branch without a commit. Check out one that has one (${names}).`,
    );
  }
  throw new SourceError(`The source ${folder} has no commit yet. Commit something to it: git add, git commit.`);
};

/**
 * The absolute folder, without symbolic links, of a local repository that has a commit; a path or a `file://` address names
 * it. Throws otherwise; for an address that is neither this nor `https://`, with what the connector says about it.
 */
export const resolveLocalSource = async (pathOrUrl: string): Promise<string> => {
  const text = pathOrUrl.trim();
  if (text === '') {
    throw new SourceError('The source is empty. Name the folder of a git repository, or an https:// address.');
  }
  const isFileUrl = /^file:\/\//iu.test(text);
  if (!isFileUrl && isRemoteAddress(text)) {
    // Refuses everything that is not https, each with what to write instead.
    const { display } = parseGitSource(text, { gitHosts: [URL.canParse(text) ? new URL(text).host : ''] });
    throw new SourceError(`${display} is a remote address, not a local repository.`);
  }
  const folder = await checkFolder(path.resolve(isFileUrl ? pathFromFileUrl(text) : text));
  await checkRepository(folder);
  await checkHasCommit(folder);
  return folder;
};
