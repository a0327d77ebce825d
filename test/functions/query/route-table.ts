/** Every route with an address that exercises it, and what it answers to whom: a new route needs a row. */

export type RouteRow = readonly [
  route: string,
  nobody: number,
  reader: number,
  editor: number,
  operator: number,
  address: string,
  body?: unknown,
];

export const NOT_THERE = 'f'.repeat(16);
const ROLE = { role: 'reader' };
const GLOBAL_SETTINGS = '/v1/workspaces/global/settings';

/** What each gets: 401 without a token, 403 where the role does not permit it, else what the route itself answers. */
export const ROUTE_TABLE: readonly RouteRow[] = [
  ['GET /healthz', 200, 200, 200, 200, '/healthz'],
  ['GET /readyz', 200, 200, 200, 200, '/readyz'],
  ['GET /v1/openapi.json', 200, 200, 200, 200, '/v1/openapi.json'],
  ['GET /v1/status', 200, 200, 200, 200, '/v1/status'],
  ['GET /v1/sources', 401, 200, 403, 200, '/v1/sources'],
  ['GET /v1/sources/:id', 401, 200, 403, 200, '/v1/sources/shop'],
  ['PUT /v1/sources/:id', 401, 403, 403, 201, '/v1/sources/wiki', { kind: 'jira', config: {} }],
  ['DELETE /v1/sources/:id', 401, 403, 403, 404, '/v1/sources/nowhere'],
  ['POST /v1/sources/:id/check', 401, 403, 403, 409, '/v1/sources/shop/check'],
  ['POST /v1/sources/:id/sync', 401, 403, 403, 409, '/v1/sources/shop/sync'],
  ['POST /v1/sources/:id/prune', 401, 403, 403, 409, '/v1/sources/shop/prune', { plan: NOT_THERE }],
  ['GET /v1/search', 401, 200, 403, 200, '/v1/search?q=queue'],
  ['GET /v1/documents/:id', 401, 404, 403, 404, '/v1/documents/shop~00000000000000000000'],
  ['GET /v1/incidents/region/:region', 401, 200, 403, 200, '/v1/incidents/region/us-east-1'],
  ['GET /v1/regions/:region/dependents', 401, 200, 403, 200, '/v1/regions/us-east-1/dependents'],
  ['GET /v1/components/:component/blast-radius', 401, 404, 403, 404, '/v1/components/nowhere/blast-radius'],
  ['GET /v1/components/:component/on-call', 401, 404, 403, 404, '/v1/components/nowhere/on-call'],
  ['GET /v1/components/:component/workarounds', 401, 404, 403, 404, '/v1/components/nowhere/workarounds'],
  ['GET /v1/components/:component/neighbors', 401, 404, 403, 404, '/v1/components/nowhere/neighbors'],
  ['GET /v1/graph/names', 401, 200, 403, 200, '/v1/graph/names'],
  ['GET /v1/regions', 401, 503, 403, 503, '/v1/regions'],
  ['GET /v1/metrics', 401, 200, 403, 200, '/v1/metrics'],
  ['GET /v1/audit/verify', 401, 403, 403, 503, '/v1/audit/verify'],
  ['GET /v1/settings', 401, 200, 200, 200, '/v1/settings'],
  ['GET /v1/settings/:id', 401, 200, 200, 200, '/v1/settings/displayName'],
  ['PUT /v1/settings/:id', 401, 403, 200, 200, '/v1/settings/displayName', { value: 'Shop' }],
  ['DELETE /v1/settings/:id', 401, 403, 200, 200, '/v1/settings/displayName'],
  ['GET /v1/workspaces', 401, 200, 403, 200, '/v1/workspaces'],
  ['POST /v1/workspaces', 401, 403, 403, 201, '/v1/workspaces', { id: 'payments', name: 'Payments' }],
  ['GET /v1/workspaces/:id', 401, 200, 403, 200, '/v1/workspaces/global'],
  ['PUT /v1/workspaces/:id', 401, 403, 403, 200, '/v1/workspaces/global', { name: 'Everybody' }],
  ['DELETE /v1/workspaces/:id', 401, 403, 403, 404, '/v1/workspaces/nowhere'],
  ['GET /v1/workspaces/:id/members', 401, 200, 403, 200, '/v1/workspaces/global/members'],
  ['PUT /v1/workspaces/:id/members/:member', 401, 403, 403, 200, '/v1/workspaces/global/members/user:x', ROLE],
  ['DELETE /v1/workspaces/:id/members/:member', 401, 403, 403, 200, '/v1/workspaces/global/members/user:x'],
  ['GET /v1/workspaces/:id/sources', 401, 200, 403, 200, '/v1/workspaces/global/sources'],
  ['GET /v1/workspaces/:id/settings', 401, 200, 403, 200, '/v1/workspaces/global/settings'],
  ['PUT /v1/workspaces/:id/settings/:field', 401, 403, 403, 200, `${GLOBAL_SETTINGS}/displayName`, { value: 'Shop' }],
  ['DELETE /v1/workspaces/:id/settings/:field', 401, 403, 403, 200, `${GLOBAL_SETTINGS}/displayName`],
  ['POST /v1/keys', 401, 403, 403, 201, '/v1/keys', { name: 'x', roles: ['reader'], sources: 'all' }],
  ['GET /v1/keys', 401, 403, 403, 200, '/v1/keys'],
  ['DELETE /v1/keys/:id', 401, 403, 403, 404, `/v1/keys/${NOT_THERE}`],
  ['GET /v1/audit', 401, 403, 403, 200, '/v1/audit'],
  ['GET /v1/reports', 401, 403, 403, 200, '/v1/reports'],
  ['GET /v1/reports/:kind/:id', 401, 403, 403, 404, '/v1/reports/failover/01ARZ3NDEKTSV4RRFFQ69G5FAV'],
];
