/** Adding and changing a source, and what else can be asked of one: a check, a sync, a deletion that waits, its end. */
import { html } from 'hono/html';

import { REDACTION_MODES, type RedactionMode } from '../../domain/corpus.ts';
import { isJsonFields, type JsonFields } from '../../domain/json-fields.ts';
import { LIMITS } from '../../domain/limits.ts';
import { ownSecretsPrefix } from '../../domain/secret-reference.ts';
import { GLOBAL_WORKSPACE, SOURCE_ID_RULE } from '../../domain/source-definition.ts';
import { readAs, type Read } from '../console-api.ts';
import { changedOf, changeKey, changeNotice, type Changed, isConfirmed, keyOf, notConfirmed } from '../changes.ts';
import type { ConsolePage, FormFields, Fragment, Shown, Visit } from '../page.ts';
import { oneSourceSchema } from '../sources/source-data.ts';
import { plain, sentence } from '../words.ts';
import { showSource } from './sources.ts';

const REDACTION_WORDS: Readonly<Record<RedactionMode, string>> = {
  credentials: 'passwords, keys and tokens',
  'credentials-and-personal': 'these, and what is personal by its form',
  none: 'nothing',
};

const EMPTY: FormFields = {
  id: '',
  kind: 'git',
  name: '',
  config: JSON.stringify({ repositories: [{ url: 'https://' }] }, null, 2),
  redaction: 'credentials',
  workspace: '',
  enabled: 'yes',
};

/** A source keeps its kind, also where none of it can be added here. */
const kindChoices = (kinds: readonly string[], chosen: string): Fragment =>
  html`${[...new Set([...kinds, ...(chosen === '' ? [] : [chosen])])].map((one) => html`<option ${one === chosen ? 'selected' : ''}>${one}</option>`)}`;

const redactionChoices = (chosen: string): Fragment =>
  html`${REDACTION_MODES.map((one) => html`<option value="${one}" ${one === chosen ? 'selected' : ''}>${one}: ${REDACTION_WORDS[one]}</option>`)}`;

/** How a secret of its own is named: of whichever workspace a new one comes to belong to. */
const secretName = (values: FormFields, isNew: boolean): string => {
  const workspace = (values['workspace'] ?? '').trim();
  return `secretsmanager:${ownSecretsPrefix(isNew ? 'WORKSPACE' : workspace === '' ? GLOBAL_WORKSPACE : plain(workspace))}NAME`;
};

const form = (visit: Visit, values: FormFields, isNew: boolean): Fragment =>
  html`<form method="post" action="/console/source-edit" class="card stack">
    ${changeKey(visit)} <input type="hidden" name="isNew" value="${isNew ? 'yes' : ''}" />
    <label for="id">Id</label>
    <input
      id="id"
      name="id"
      value="${plain(values['id'] ?? '')}"
      ${isNew ? '' : 'readonly'}
      required
      pattern="[a-z0-9][a-z0-9._\\-]{0,62}"
      spellcheck="false"
      aria-describedby="id-help"
    />
    <p id="id-help" class="quiet">${sentence(SOURCE_ID_RULE)} It stays as it is.</p>
    <label for="kind">Kind</label>
    <select id="kind" name="kind">
      ${kindChoices(visit.kinds, values['kind'] ?? '')}
    </select>
    <label for="name">Name</label>
    <input
      id="name"
      name="name"
      value="${plain(values['name'] ?? '')}"
      maxlength="${LIMITS.sourceNameCharsMax}"
      aria-describedby="name-help"
    />
    <p id="name-help" class="quiet">What people call it; empty: its id.</p>
    <label for="config">Configuration</label>
    <textarea id="config" name="config" required spellcheck="false" aria-describedby="config-help">
${values['config'] ?? ''}</textarea>
    <p id="config-help" class="quiet">
      One JSON object; docs/connectors.md has the fields of each kind. A secret is named, never written:
      <code>"token": "${secretName(values, isNew)}"</code>. The secrets of a workspace begin with its id; only an
      org-admin names others.
    </p>
    <label for="redaction">Taken out of its texts</label>
    <select id="redaction" name="redaction">
      ${redactionChoices(values['redaction'] ?? '')}
    </select>
    <label for="workspace">Workspace</label>
    <input
      id="workspace"
      name="workspace"
      value="${plain(values['workspace'] ?? '')}"
      placeholder="${GLOBAL_WORKSPACE}"
      spellcheck="false"
      aria-describedby="workspace-help"
    />
    <p id="workspace-help" class="quiet">
      The id of the workspace whose source it is; empty: the one of everybody. Whoever may read a workspace may read its
      sources.
    </p>
    <div class="row">
      <input type="checkbox" id="enabled" name="enabled" value="yes" ${values['enabled'] === 'yes' ? 'checked' : ''} />
      <label for="enabled">It is read; where it is not, what was read of it is kept</label>
    </div>
    <div><button>${isNew ? 'Add it' : 'Change it'}</button></div>
  </form>`;

const editor = (visit: Visit, values: FormFields, isNew: boolean, changed?: Changed): Shown => ({
  kind: 'page',
  title: isNew ? 'Add a source' : `Change ${plain(values['id'] ?? '')}`,
  ...(changed?.kind === 'refused' ? { status: changed.trouble.status } : {}),
  body: html`${changeNotice(changed)} ${form(visit, values, isNew)}
    <p><a href="/console/sources">All sources</a></p>`,
});

const editPage = async (visit: Visit): Promise<Shown> => {
  const id = visit.parameters.get('id') ?? '';
  if (id === '') {
    return editor(visit, EMPTY, true);
  }
  const read = readAs(await visit.ask({ path: `/v1/sources/${encodeURIComponent(id)}` }), oneSourceSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: 'Change a source', trouble: read.trouble };
  }
  const { kind, name, config, redaction, workspace, enabled } = read.value.source;
  const values = {
    id,
    kind,
    name,
    // Empty where it is not shown: what can't be seen must not be replaced by what looks like nothing.
    config: config === undefined ? '' : JSON.stringify(config, null, 2),
    redaction,
    workspace,
    enabled: enabled ? 'yes' : '',
  };
  return editor(visit, values, false);
};

const wrongConfig = (why: string): Read<JsonFields> => ({
  kind: 'refused',
  trouble: { status: 400, what: "the configuration can't be read", why, next: 'Write one JSON object.' },
});

const parseConfig = (text: string): Read<JsonFields> => {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonFields(value) ? { kind: 'read', value } : wrongConfig('It is JSON, but no object.');
  } catch (error) {
    return wrongConfig(error instanceof Error ? error.message : 'It is not JSON.');
  }
};

const save = async (visit: Visit): Promise<Shown> => {
  const { ask, form: values } = visit;
  const { id = '', kind = '', name = '', redaction = '', workspace = '' } = values;
  const isNew = values['isNew'] === 'yes';
  const config = parseConfig(values['config'] ?? '');
  if (config.kind === 'refused') {
    return editor(visit, values, isNew, { kind: 'refused', trouble: config.trouble });
  }
  const body = {
    kind,
    config: config.value,
    enabled: values['enabled'] === 'yes',
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(redaction === '' ? {} : { redaction }),
    ...(workspace.trim() === '' ? {} : { workspace: workspace.trim() }),
  };
  const path = `/v1/sources/${encodeURIComponent(id)}`;
  const changed = changedOf(
    await ask({ method: 'PUT', path, body, ...keyOf(visit) }),
    isNew ? 'It is added, and read by the next cycle.' : 'It is changed.',
  );
  return changed.kind === 'refused' ? editor(visit, values, isNew, changed) : showSource(visit, id, changed);
};

const actOn = async (visit: Visit, id: string): Promise<Changed> => {
  const { ask, form: values } = visit;
  const path = `/v1/sources/${encodeURIComponent(id)}`;
  switch (values['action'] ?? '') {
    case 'check': {
      return changedOf(await ask({ method: 'POST', path: `${path}/check` }), 'It was checked; see below.');
    }
    case 'sync': {
      return changedOf(await ask({ method: 'POST', path: `${path}/sync` }), 'A cycle is queued.');
    }
    case 'prune': {
      const body = { plan: values['plan'] ?? '' };
      return changedOf(
        await ask({ method: 'POST', path: `${path}/prune`, body, ...keyOf(visit) }),
        'The deletions are approved; the next cycle makes them.',
      );
    }
    case 'remove': {
      return isConfirmed(visit, id)
        ? changedOf(
            await ask({ method: 'DELETE', path, ...keyOf(visit) }),
            'It goes, in both Regions, with the next cycles.',
          )
        : notConfirmed(id);
    }
    default: {
      return {
        kind: 'refused',
        trouble: {
          status: 400,
          what: 'nothing of that name can be done',
          why: 'The form names no action.',
          next: 'Use the buttons.',
        },
      };
    }
  }
};

export const SOURCE_EDIT_PAGES: readonly ConsolePage[] = [
  { path: '/source-edit', answer: editPage },
  { path: '/source-edit', method: 'POST', answer: save },
  {
    path: '/source-action',
    method: 'POST',
    answer: async (visit) => {
      const id = visit.form['id'] ?? '';
      return showSource(visit, id, await actOn(visit, id));
    },
  },
];
