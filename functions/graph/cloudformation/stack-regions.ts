/** Where a template is deployed, as far as files say it: CDK's manifest, SAM's settings. A template itself never says it. */
import { isJsonFields } from '../../domain/json-fields.ts';
import { isRegion } from '../region/names.ts';
import type { Context } from '../repository/context.ts';
import type { Place } from '../facts/vocabulary.ts';

export interface StackRegion {
  readonly region: string;
  readonly environment: string | undefined;
  readonly at: Place;
}

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const lineOf = (text: string, part: string): number =>
  Math.max(
    0,
    text.split('\n').findIndex((line) => line.includes(part)),
  ) + 1;

const manifestRegions = (path: string, text: string): readonly (readonly [string, StackRegion])[] => {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    // A damaged manifest places no template; its templates are then listed as unknown.
    return [];
  }
  const artifacts =
    isJsonFields(manifest) && isJsonFields(manifest['artifacts']) ? Object.values(manifest['artifacts']) : [];
  return artifacts.flatMap((artifact) => {
    const fields = isJsonFields(artifact) ? artifact : {};
    const properties = isJsonFields(fields['properties']) ? fields['properties'] : {};
    const environment = typeof fields['environment'] === 'string' ? fields['environment'] : '';
    const region = environment.split('/').at(-1) ?? '';
    const file = properties['templateFile'];
    return typeof file === 'string' && isRegion(region)
      ? [
          [
            `${directoryOf(path)}/${file}`,
            { region, environment: undefined, at: { path, line: lineOf(text, environment) } },
          ] as const,
        ]
      : [];
  });
};

const SECTION = /^\s*\[(?<name>[\w-]+)\./u;
const REGION = /^\s*region\s*=\s*"(?<region>[a-z0-9-]+)"/u;

const samRegions = (path: string, text: string): readonly StackRegion[] => {
  let section = '';
  return text.split('\n').flatMap((line, index) => {
    section = SECTION.exec(line)?.groups?.['name'] ?? section;
    const region = REGION.exec(line)?.groups?.['region'];
    const environment = section === 'default' ? undefined : section;
    return region === undefined ? [] : [{ region, environment, at: { path, line: index + 1 } }];
  });
};

export const findStackRegions = (context: Context): ((template: string) => readonly StackRegion[]) => {
  const manifests = new Map<string, StackRegion[]>();
  const sam = new Map<string, readonly StackRegion[]>();
  for (const { path, text } of context.input.files) {
    if (/(?:^|\/)cdk\.out\/(?:.*\/)?manifest\.json$/u.test(path)) {
      for (const [template, region] of manifestRegions(path, text)) {
        manifests.set(template, [...(manifests.get(template) ?? []), region]);
      }
    } else if (/(?:^|\/)samconfig\.toml$/u.test(path)) {
      sam.set(directoryOf(path), samRegions(path, text));
    }
  }
  return (template) => manifests.get(template) ?? sam.get(directoryOf(template)) ?? [];
};
