/** Every address of the API. Reads come from the home Region only; writes go through the port of interactive writes. */
import type { Principal } from '../domain/access.ts';
import { type Answer, problem } from './answer.ts';
import { AUDIT_ROUTES } from './audit-routes.ts';
import { CORPUS_ROUTES } from './corpus-routes.ts';
import { GRAPH_ROUTES } from './graph-routes.ts';
import { HEALTH_ROUTES } from './health-routes.ts';
import { KEY_ROUTES } from './key-routes.ts';
import { openApiRoute } from './openapi-route.ts';
import { onlyKnown } from './parameters.ts';
import { isOpenRoute, type Route, type RouteContext } from './route.ts';
import { REGION_ROUTES } from './region-routes.ts';
import { REPORT_ROUTES } from './report-routes.ts';
import { PRUNE_ROUTES } from './prune-route.ts';
import { SOURCE_ACTION_ROUTES } from './source-action-routes.ts';
import { SOURCE_ROUTES } from './source-routes.ts';
import { SETTING_ROUTES, WORKSPACE_SETTING_ROUTES } from './setting-routes.ts';
import { WORKSPACE_MEMBER_ROUTES } from './workspace-member-routes.ts';
import { WORKSPACE_ROUTES } from './workspace-routes.ts';

export const ROUTES: readonly Route[] = [
  ...HEALTH_ROUTES,
  ...REGION_ROUTES,
  ...SOURCE_ROUTES,
  ...SOURCE_ACTION_ROUTES,
  ...CORPUS_ROUTES,
  ...GRAPH_ROUTES,
  ...PRUNE_ROUTES,
  ...SETTING_ROUTES,
  ...WORKSPACE_ROUTES,
  ...WORKSPACE_MEMBER_ROUTES,
  ...WORKSPACE_SETTING_ROUTES,
  ...KEY_ROUTES,
  ...AUDIT_ROUTES,
  ...REPORT_ROUTES,
  openApiRoute(() => ROUTES),
];

/** Admission has let nobody through to a guarded route without a principal; should it ever, nothing is answered. */
const noCaller = (): Answer =>
  problem(401, 'no-token', {
    what: 'a token is needed',
    why: 'This address answers only to those who may use it.',
    next: 'Send it as "authorization: Bearer twm_…".',
  });

/** Refuses what the route does not know, then lets it answer. */
export const answerRoute = async (
  route: Route,
  context: RouteContext,
  caller: Principal | undefined,
): Promise<Answer> => {
  const refused = onlyKnown(context.parameters, route.parameters);
  if (refused !== undefined) {
    return refused;
  }
  if (isOpenRoute(route)) {
    return route.answer({ ...context, caller });
  }
  return caller === undefined ? noCaller() : route.answer({ ...context, caller });
};
