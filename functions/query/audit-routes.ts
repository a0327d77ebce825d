/** The audit log over HTTP, for operators: the newest events that this Region holds. Whether they are whole, `twinmap audit verify` proves. */
import { LIMITS } from '../domain/limits.ts';
import { type GuardedRoute, unavailable } from './route.ts';

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/audit',
  access: 'audit:read',
  parameters: [],
  answer: async ({ deps }) => {
    const read = await deps.readAudit(LIMITS.auditEventsListedMax);
    return read.kind === 'failed'
      ? unavailable(deps, 'audit log', read.failure)
      : { status: 200, fields: {}, list: { name: 'items', items: read.value } };
  },
};

export const AUDIT_ROUTES: readonly GuardedRoute[] = [list];
