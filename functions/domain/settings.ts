/**
 * Settings of a workspace: one replicated record for each field, so that two people who change two fields never overwrite
 * each other. The fields that there are, with what they mean and what they take, are this table.
 */
import { isJsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';
import { GLOBAL_WORKSPACE } from './source-definition.ts';

export interface SettingField {
  readonly help: string;
  /** Undefined where the value can be taken; otherwise what it must be, as the end of a sentence. */
  readonly problemOf: (value: unknown) => string | undefined;
}

/** Control and direction characters: they change what a person sees, and mean nothing in a name. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const isPlain = (value: unknown, charsMax: number): value is string =>
  typeof value === 'string' &&
  value.isWellFormed() &&
  value === value.trim() &&
  value !== '' &&
  value.length <= charsMax &&
  !UNSEEN.test(value);

const line =
  (charsMax: number) =>
  (value: unknown): string | undefined =>
    isPlain(value, charsMax)
      ? undefined
      : `one line of 1 to ${charsMax} characters, without control characters and without spaces at its ends`;

const ADDRESS_CHARS_MAX = 500;

/** An address that a person may click on: never a script, never with a password in it. */
const httpsAddress = (value: unknown): string | undefined => {
  const url = isPlain(value, ADDRESS_CHARS_MAX) && URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.password === ''
    ? undefined
    : `an https:// address of at most ${ADDRESS_CHARS_MAX} characters, without a name or a password in it`;
};

const SETTING_FIELDS = {
  displayName: { help: 'what people call this workspace', problemOf: line(80) },
  incidentChannel: { help: 'where people meet during an incident, for instance #incidents', problemOf: line(120) },
  runbookUrl: { help: 'the first page that whoever is on call opens', problemOf: httpsAddress },
  statusPageUrl: { help: 'where customers are told', problemOf: httpsAddress },
  supportContact: { help: 'who answers for this workspace: a team, a mail address, a number', problemOf: line(200) },
} as const satisfies Readonly<Record<string, SettingField>>;

const FIELDS: ReadonlyMap<string, SettingField> = new Map(Object.entries(SETTING_FIELDS));

export const settingFields = (): readonly (readonly [name: string, field: SettingField])[] => [...FIELDS];

export const settingField = (name: string): SettingField | undefined => FIELDS.get(name);

export interface SettingPayload {
  readonly value: string;
  readonly updatedBy: string;
  /** In ms since 1970. */
  readonly updatedAt: number;
}

export const SETTINGS_PARTITION = 'settings';

/** The global workspace's settings are the organisation's own, and are where they were before there were others. */
export const settingsPartition = (workspace: string): string =>
  workspace === GLOBAL_WORKSPACE ? SETTINGS_PARTITION : `${SETTINGS_PARTITION}#${workspace}`;

export const settingKey = (field: string, workspace = GLOBAL_WORKSPACE): RecordKey => ({
  pk: settingsPartition(workspace),
  sk: field,
});

const isSettingPayload = (value: unknown): value is SettingPayload =>
  isJsonFields(value) &&
  typeof value['value'] === 'string' &&
  typeof value['updatedBy'] === 'string' &&
  Number.isSafeInteger(value['updatedAt']);

/** Undefined where the text is no such payload. */
export const parseSettingPayload = (data: string): SettingPayload | undefined => parsePayload(data, isSettingPayload);
