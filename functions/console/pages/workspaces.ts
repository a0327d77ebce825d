/** *Workspaces*: which there are for the visitor, who is in each, what it reads; making, changing and deleting them. */
import { html } from 'hono/html';

import { type ApiReply, readAs } from '../console-api.ts';
import { changedOf, changeKey, changeNotice, type Changed, isConfirmed, keyOf, notConfirmed } from '../changes.ts';
import { addressOf } from '../links.ts';
import type { ConsolePage, Fragment, Shown, Visit } from '../page.ts';
import { moment, plain } from '../words.ts';
import {
  addMember,
  listSchema,
  memberRows,
  membersSchema,
  oneSchema,
  settingsForms,
  sourceList,
  sourcesSchema,
  VISIBLE,
  visibilityField,
  type Workspace,
} from '../workspaces/workspace-parts.ts';

const TITLE = 'Workspaces';
const pathOf = (id: string): string => `/v1/workspaces/${encodeURIComponent(id)}`;

const newForm = (visit: Visit): Fragment =>
  html`<form method="post" action="/console/workspaces" class="card stack">
    <h2>Make a workspace</h2>
    ${changeKey(visit)}
    <div class="field">
      <label for="id">Id</label>
      <input
        id="id"
        name="id"
        required
        pattern="[a-z0-9][a-z0-9\\-]{0,62}"
        spellcheck="false"
        value="${plain(visit.form['id'] ?? '')}"
      />
    </div>
    <div class="field">
      <label for="name">Name</label>
      <input id="name" name="name" required maxlength="80" value="${plain(visit.form['name'] ?? '')}" />
    </div>
    ${visibilityField(visit.form['visibility'] ?? 'private')}
    <div><button>Make it</button></div>
  </form>`;

const listRow = ({ id, name, visibility, role }: Workspace): Fragment =>
  html`<tr>
    <th scope="row">
      <a href="${addressOf('/console/workspace', { id })}">${plain(name)}</a> <span class="quiet">${plain(id)}</span>
    </th>
    <td data-label="Who sees it">${plain(visibility)}</td>
    <td data-label="Your role">${plain(role ?? 'none of its own')}</td>
  </tr>`;

const listPage = async (visit: Visit, changed?: Changed): Promise<Shown> => {
  const read = readAs(await visit.ask({ path: '/v1/workspaces' }), listSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  return {
    kind: 'page',
    title: TITLE,
    degraded: read.value.degraded,
    ...(changed?.kind === 'refused' ? { status: changed.trouble.status } : {}),
    body: html`${changeNotice(changed)}
      <table class="cards">
        <caption class="visually-hidden">
          Workspaces
        </caption>
        <thead>
          <tr>
            <th scope="col">Workspace</th>
            <th scope="col">Who sees it</th>
            <th scope="col">Your role</th>
          </tr>
        </thead>
        <tbody>
          ${read.value.items.map((one) => listRow(one))}
        </tbody>
      </table>
      ${newForm(visit)}`,
  };
};

const create = async (visit: Visit): Promise<Shown> => {
  const { id = '', name = '', visibility = 'private' } = visit.form;
  const body = { id: id.trim(), name: name.trim(), visibility };
  const changed = changedOf(
    await visit.ask({ method: 'POST', path: '/v1/workspaces', body, ...keyOf(visit) }),
    'It is made.',
  );
  return changed.kind === 'refused' ? listPage(visit, changed) : showWorkspace(visit, body.id, changed);
};

const showWorkspace = async (visit: Visit, id: string, changed?: Changed): Promise<Shown> => {
  const ask = async (path: string): Promise<ApiReply> => visit.ask({ path });
  const [one, members, sources] = await Promise.all([
    ask(pathOf(id)),
    ask(`${pathOf(id)}/members`),
    ask(`${pathOf(id)}/sources`),
  ]);
  const read = readAs(one, oneSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: TITLE, trouble: read.trouble };
  }
  const { workspace } = read.value;
  const people = readAs(members, membersSchema);
  return {
    kind: 'page',
    title: plain(workspace.name),
    degraded: people.kind === 'read' ? people.value.degraded : [],
    ...(changed?.kind === 'refused' ? { status: changed.trouble.status } : {}),
    body: html`${changeNotice(changed)}
      <p class="quiet">
        ${plain(workspace.id)} · ${plain(workspace.visibility)}: ${VISIBLE[workspace.visibility]}
        ${workspace.updatedAt === null ? '' : `· changed ${moment(workspace.updatedAt)} by ${plain(workspace.updatedBy ?? '')}`}
      </p>
      ${memberRows(visit, id, people)} ${addMember(visit, id)}
      <section class="card">
        <h2>Sources</h2>
        ${sourceList(readAs(sources, sourcesSchema))}
      </section>
      ${settingsForms(visit, workspace)}
      <p><a href="/console/workspaces">All workspaces</a></p>`,
  };
};

const memberPath = (id: string, member: string): string => `${pathOf(id)}/members/${encodeURIComponent(member)}`;

const act = async (visit: Visit): Promise<Shown> => {
  const { ask, form } = visit;
  const { id = '', action = '', member = '', role = '', name = '', visibility } = form;
  const key = keyOf(visit);
  switch (action) {
    case 'set-member': {
      const reply = await ask({ method: 'PUT', path: memberPath(id, member.trim()), body: { role }, ...key });
      return showWorkspace(visit, id, changedOf(reply, `${plain(member)} is ${plain(role)}.`));
    }
    case 'remove-member': {
      const reply = await ask({ method: 'DELETE', path: memberPath(id, member), ...key });
      return showWorkspace(visit, id, changedOf(reply, `${plain(member)} is out of it.`));
    }
    case 'change': {
      const body = { name: name.trim(), ...(visibility === undefined ? {} : { visibility }) };
      return showWorkspace(
        visit,
        id,
        changedOf(await ask({ method: 'PUT', path: pathOf(id), body, ...key }), 'It is changed.'),
      );
    }
    case 'delete': {
      if (!isConfirmed(visit, id)) {
        return showWorkspace(visit, id, notConfirmed(id));
      }
      const changed = changedOf(
        await ask({ method: 'DELETE', path: pathOf(id), ...key }),
        'It is deleted; its sources are purged.',
      );
      return changed.kind === 'refused' ? showWorkspace(visit, id, changed) : listPage(visit, changed);
    }
    default: {
      return showWorkspace(visit, id);
    }
  }
};

export const WORKSPACE_PAGES: readonly ConsolePage[] = [
  { path: '/workspaces', answer: async (visit) => listPage(visit) },
  { path: '/workspaces', method: 'POST', answer: create },
  { path: '/workspace', answer: async (visit) => showWorkspace(visit, visit.parameters.get('id') ?? '') },
  { path: '/workspace', method: 'POST', answer: act },
];
