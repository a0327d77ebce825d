/** Every page of the console. */
import type { ConsolePage } from './page.ts';
import { AUDIT_PAGES } from './pages/audit.ts';
import { INCIDENT_PAGES } from './pages/incident.ts';
import { REGION_PAGES } from './pages/regions.ts';
import { SEARCH_PAGES } from './pages/search.ts';
import { SOURCE_EDIT_PAGES } from './pages/source-edit.ts';
import { SOURCE_PAGES } from './pages/sources.ts';
import { WORKSPACE_PAGES } from './pages/workspaces.ts';

export const PAGES: readonly ConsolePage[] = [
  ...INCIDENT_PAGES,
  ...SEARCH_PAGES,
  ...REGION_PAGES,
  ...SOURCE_PAGES,
  ...SOURCE_EDIT_PAGES,
  ...WORKSPACE_PAGES,
  ...AUDIT_PAGES,
];
