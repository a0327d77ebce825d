/** What `${name}` in a Pulumi program comes to: configuration of a stack, defaults of the project, variables. */
import type { Place } from '../facts/vocabulary.ts';
import { isRegion, regionOfZone } from '../region/names.ts';
import { at, type Data, type DataEntry, entriesAt, textAt } from '../syntax/data.ts';

export interface Setting {
  readonly text: string;
  readonly at: Place;
}

export interface Stack {
  readonly name: string;
  /** By name, with and without the project before it. */
  readonly settings: ReadonlyMap<string, Setting>;
  readonly region: Setting | undefined;
  readonly path: string;
}

export interface Program {
  readonly path: string;
  readonly resources: readonly DataEntry[];
  readonly variables: readonly DataEntry[];
}

/** A text as far as it is known, with the lines that decided it. */
export interface Known {
  readonly text: string | undefined;
  readonly expression: string;
  readonly at: readonly Place[];
}

const plainName = (key: string): string => key.slice(key.indexOf(':') + 1);

const settingText = (value: Data): string | undefined => {
  const inner = value.kind === 'map' ? (at(value, 'value') ?? at(value, 'default')) : value;
  return inner?.kind === 'scalar' && inner.value !== null ? String(inner.value) : undefined;
};

const lineOf = ({ value, line }: DataEntry): number =>
  (at(value, 'value') ?? at(value, 'default'))?.line ?? (value.kind === 'scalar' ? value.line : line);

/** `config:` of a project or a stack. A stack's own name without a project in front is of the project. */
export const settingsIn = (config: Data | undefined, path: string): ReadonlyMap<string, Setting> => {
  const settings = new Map<string, Setting>();
  for (const entry of [...entriesAt(config, 'configuration'), ...entriesAt(config, 'config')]) {
    const text = settingText(entry.value);
    if (text !== undefined) {
      const setting = { text, at: { path, line: lineOf(entry) } };
      settings.set(entry.key, setting);
      if (!/^(?:aws|aws-native|pulumi):/u.test(entry.key)) {
        settings.set(plainName(entry.key), setting);
      }
    }
  }
  return settings;
};

/** A program in another language that makes its own provider keeps the Region under its own name. */
export const regionSetting = (settings: ReadonlyMap<string, Setting>): Setting | undefined =>
  settings.get('aws:region') ??
  settings.get('aws-native:region') ??
  [...settings].find(([key]) => /(?:^|:)(?:aws|home)?-?region$/iu.test(key))?.[1];

const REFERENCE = /\$\{(?<name>[^{}]{1,200})\}/gu;
const DEPTH_MAX = 10;

const isCurrentRegion = (value: Data): boolean =>
  /^aws:(?:index\/getRegion:)?getRegion$/u.test(
    textAt(value, 'fn::invoke', 'function') ?? textAt(value, 'fn::aws:getRegion') ?? '',
  );

const named = (name: string, program: Program, stack: Stack | undefined, depth: number): Known | undefined => {
  const setting = stack?.settings.get(name);
  if (setting !== undefined) {
    return { text: setting.text, expression: name, at: [setting.at] };
  }
  if (name === 'pulumi.stack' && stack !== undefined) {
    return { text: stack.name, expression: name, at: [{ path: stack.path, line: 1 }] };
  }
  const [root = ''] = name.split(/[.[]/u);
  const variable = program.variables.find(({ key }) => key === root);
  if (variable === undefined) {
    return undefined;
  }
  if (isCurrentRegion(variable.value)) {
    const own = stack?.region;
    return own === undefined ? undefined : { text: own.text, expression: name, at: [own.at] };
  }
  const inner = name.slice(root.length).split('.').slice(1);
  const data = at(variable.value, ...inner);
  return data === undefined ? undefined : known(data, program, stack, depth + 1);
};

export const known = (data: Data, program: Program, stack: Stack | undefined, depth = 0): Known => {
  const text = data.kind === 'scalar' && data.value !== null ? String(data.value) : undefined;
  const place = { path: program.path, line: data.line };
  if (text === undefined || depth > DEPTH_MAX) {
    return { text: undefined, expression: text ?? 'not a text', at: [place] };
  }
  const places: Place[] = [place];
  let isWhole = true;
  const made = text.replaceAll(REFERENCE, (whole, name: string) => {
    const value = named(name, program, stack, depth);
    places.push(...(value?.at ?? []));
    isWhole &&= value?.text !== undefined;
    return value?.text ?? whole;
  });
  return { text: isWhole ? made : undefined, expression: text, at: places };
};

/** The Region that a text is, or that its zone lies in. */
export const regionIn = ({ text }: Known): string | undefined =>
  text !== undefined && isRegion(text) ? text : regionOfZone(text ?? '');
