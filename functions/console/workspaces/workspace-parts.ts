/** Workspaces as the API tells of them, and the parts of their pages: members, sources, and the forms that change them. */
import { html } from 'hono/html';
import { z } from 'zod';

import { WORKSPACE_ROLES } from '../../domain/access.ts';
import { GLOBAL_WORKSPACE } from '../../domain/source-definition.ts';
import { CHOSEN_VISIBILITIES, type Visibility } from '../../domain/workspace.ts';
import { membersShape, workspaceSourcesShape } from '../../query/workspace-member-routes.ts';
import { oneWorkspaceShape, workspacesShape } from '../../query/workspace-routes.ts';
import type { workspaceShape } from '../../query/workspace-view.ts';
import { changeKey } from '../changes.ts';
import type { Read } from '../console-api.ts';
import { addressOf } from '../links.ts';
import type { Fragment, Visit } from '../page.ts';
import { moment, plain } from '../words.ts';

export const VISIBLE: Readonly<Record<Visibility, string>> = {
  private: 'its members',
  public: 'everybody in the organisation reads it, its members change it',
  global: 'everybody; it has every source that names no other workspace',
};

export type Workspace = z.infer<typeof workspaceShape>;

export const listSchema = z.object(workspacesShape);
export const oneSchema = z.object(oneWorkspaceShape);
export const membersSchema = z.object(membersShape);
export const sourcesSchema = z.object(workspaceSourcesShape);

export const visibilityField = (chosen: string): Fragment =>
  html`<div class="field">
    <label for="visibility">Who sees it</label>
    <select id="visibility" name="visibility">
      ${CHOSEN_VISIBILITIES.map((one) => html`<option value="${one}" ${one === chosen ? 'selected' : ''}>${one}: ${VISIBLE[one]}</option>`)}
    </select>
  </div>`;

const actionForm = (visit: Visit, id: string, action: string, inner: Fragment): Fragment =>
  html`<form method="post" action="/console/workspace" class="row">
    ${changeKey(visit)}
    <input type="hidden" name="id" value="${id}" />
    <input type="hidden" name="action" value="${action}" />
    ${inner}
  </form>`;

export const memberRows = (visit: Visit, id: string, read: Read<z.infer<typeof membersSchema>>): Fragment =>
  read.kind === 'refused'
    ? html`<p class="quiet">Who is in it can't be shown: ${plain(read.trouble.what)}.</p>`
    : html`<table class="cards">
        <caption>
          Members
        </caption>
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">Role</th>
            <th scope="col">Added</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          ${read.value.items.map(
            ({ member, role, addedBy, addedAt }) =>
              html`<tr>
                <th scope="row"><code>${plain(member)}</code></th>
                <td data-label="Role">${plain(role)}</td>
                <td data-label="Added">${moment(addedAt)} by ${plain(addedBy)}</td>
                <td>
                  ${actionForm(
                    visit,
                    id,
                    'remove-member',
                    html`<input type="hidden" name="member" value="${member}" /><button
                        class="danger"
                        aria-label="Take ${plain(member)} out"
                      >
                        Take out
                      </button>`,
                  )}
                </td>
              </tr>`,
          )}
          ${
            read.value.items.length === 0
              ? html`<tr>
                  <td colspan="4">Nobody has a role of its own in it.</td>
                </tr>`
              : ''
          }
        </tbody>
      </table>`;

export const addMember = (visit: Visit, id: string): Fragment =>
  actionForm(
    visit,
    id,
    'set-member',
    html`<div class="field">
        <label for="member">Who</label>
        <input id="member" name="member" required placeholder="user:… or group:…" spellcheck="false" />
      </div>
      <div class="field">
        <label for="role">Role</label>
        <select id="role" name="role">
          ${WORKSPACE_ROLES.map((one) => html`<option>${one}</option>`)}
        </select>
      </div>
      <button>Add, or change the role</button>`,
  );

export const sourceList = (read: Read<z.infer<typeof sourcesSchema>>): Fragment =>
  read.kind === 'refused'
    ? html`<p class="quiet">Its sources can't be shown: ${plain(read.trouble.what)}.</p>`
    : html`<ul class="lines">
        ${read.value.items.map(
          ({ id, name, kind, enabled }) =>
            html`<li>
              <a href="${addressOf('/console/source', { id })}">${plain(name)}</a>
              <span class="quiet">${plain(kind)}${enabled ? '' : ', off'}</span>
            </li>`,
        )}
        ${read.value.items.length === 0 ? html`<li class="quiet">It has no source that you may read.</li>` : ''}
      </ul>`;

export const settingsForms = (visit: Visit, { id, name, visibility }: Workspace): Fragment =>
  html`<section class="card" aria-label="Change it">
    <h2>Change it</h2>
    ${actionForm(
      visit,
      id,
      'change',
      html`<div class="field">
          <label for="name">Name</label><input id="name" name="name" required maxlength="80" value="${plain(name)}" />
        </div>
        ${id === GLOBAL_WORKSPACE ? '' : visibilityField(visibility)} <button>Change it</button>`,
    )}
    ${
      id === GLOBAL_WORKSPACE
        ? ''
        : actionForm(
            visit,
            id,
            'delete',
            html`<div class="field">
                <label for="confirm"
                  >To delete it with its members, and purge its sources in both Regions, type ${plain(id)}</label
                >
                <input id="confirm" name="confirm" required autocomplete="off" spellcheck="false" />
              </div>
              <button class="danger">Delete it</button>`,
          )
    }
  </section>`;
