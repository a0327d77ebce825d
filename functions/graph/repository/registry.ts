/**
 * The extractors. Those of repositories read many files together; those of files read one each, and several may read the same
 * file. A new kind of file is a new row.
 */
import { emitEntities, isCatalogPath } from '../catalog/entities.ts';
import { emitCodeowners, isCodeowners } from '../catalog/codeowners.ts';
import { emitDocument, isDocumentPath } from '../catalog/documents.ts';
import { emitOnCall, isOnCallPath } from '../catalog/on-call.ts';
import { emitRota, isRotaPath } from '../catalog/rota.ts';
import { extractCloudFormation } from '../cloudformation/extract.ts';
import { emitCode, isCodePath } from '../code/extract.ts';
import { emitUngrammared, isUngrammaredPath } from '../code/ungrammared.ts';
import { emitManifestFile, isManifestFile } from '../packages/manifests.ts';
import { emitDockerfile, isDockerfile } from '../platform/compose.ts';
import { emitDataFile, isDataFile } from '../platform/data-files.ts';
import { extractObserved } from '../platform/observed.ts';
import { emitPlainSettings, isPlainSettings } from '../platform/plain-settings.ts';
import { emitXmlSettings, isXmlSettings } from '../platform/xml-settings.ts';
import { extractPulumi } from '../platform/pulumi.ts';
import { extractTerraform } from '../terraform/extract.ts';
import type { Context, RepositoryFile } from './context.ts';

export interface FileExtractor {
  readonly name: string;
  readonly accepts: (path: string) => boolean;
  readonly extract: (context: Context, file: RepositoryFile) => void;
}

export interface RepositoryExtractor {
  readonly name: string;
  readonly extract: (context: Context) => void;
}

/** States first: they decide what declarations leave open. */
export const REPOSITORY_EXTRACTORS: readonly RepositoryExtractor[] = [
  { name: 'observed', extract: extractObserved },
  { name: 'terraform', extract: extractTerraform },
  { name: 'cloudformation', extract: extractCloudFormation },
  { name: 'pulumi', extract: extractPulumi },
];

export const FILE_EXTRACTORS: readonly FileExtractor[] = [
  {
    name: 'catalog',
    accepts: isCatalogPath,
    extract: (context, { path, text }) => {
      emitEntities(context.facts(path), text, context.input.repository);
    },
  },
  { name: 'codeowners', accepts: isCodeowners, extract: emitCodeowners },
  { name: 'documents', accepts: (path) => isDocumentPath(path) && !isOnCallPath(path), extract: emitDocument },
  { name: 'on-call', accepts: isOnCallPath, extract: emitOnCall },
  { name: 'rota', accepts: isRotaPath, extract: emitRota },
  { name: 'data', accepts: isDataFile, extract: emitDataFile },
  { name: 'dockerfile', accepts: isDockerfile, extract: emitDockerfile },
  { name: 'packages', accepts: isManifestFile, extract: emitManifestFile },
  { name: 'settings', accepts: isPlainSettings, extract: emitPlainSettings },
  { name: 'settings in XML', accepts: isXmlSettings, extract: emitXmlSettings },
  { name: 'code', accepts: isCodePath, extract: emitCode },
  { name: 'code without a grammar', accepts: isUngrammaredPath, extract: emitUngrammared },
];
