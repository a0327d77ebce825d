/** A person approves the deletions that a cycle has held: exactly those, and nothing that came after. */
import { z } from 'zod';

import { isPermitted } from '../domain/access.ts';
import { isPrunePlan, type PruneApproval, pruneApprovalKey } from '../domain/prune-approval.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { bodyAs } from './request-body.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { CHANGED } from './shapes.ts';
import { refuseManaging } from './source-judge.ts';
import { workspaceOfShown } from './source-routes.ts';
import { readShownSource } from './source-view.ts';
import { auditChange, heldFields, notHeldAnswer } from './write-answer.ts';

const planSchema = z.object({ plan: z.string().refine(isPrunePlan, 'not a plan: 16 hexadecimal digits') });

const notHeldBack = (id: string, plan: string, waiting: string | undefined): Answer =>
  problem(409, 'no-such-plan', {
    what: `nothing of "${shownText(id)}" waits under the plan ${shownText(plan)}`,
    why: waiting === undefined ? 'No deletions of this source wait for anybody.' : `What waits is the plan ${waiting}.`,
    next: 'See "held" of the source in GET /v1/sources, look at what would go, and approve that plan.',
  });

const approve = async (context: GuardedContext, plan: string, documents: number): Promise<Answer> => {
  const { deps, id, caller, op } = context;
  const payload: PruneApproval = { plan, approvedBy: caller.id, approvedAt: deps.now() };
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: pruneApprovalKey(id),
    content: { kind: 'payload', payload },
    identity: plan,
    ...(op === undefined ? {} : { op }),
  });
  if (outcome.kind !== 'held') {
    return notHeldAnswer(context, outcome);
  }
  const audit = await auditChange(context, {
    action: 'source.prune-approved',
    target: `source:${id}`,
    details: { plan, documents },
  });
  return { status: 200, fields: { source: id, plan, documents, ...heldFields(outcome), audit } };
};

/** Who manages one workspace's sources approves nothing of another's. A source that is not there for the caller has nothing that waits. */
const refuseManagingSource = async (context: GuardedContext): Promise<Answer | undefined> => {
  if (isPermitted(context.caller, 'sources:manage')) {
    return undefined;
  }
  const read = await readShownSource(context);
  if (read.kind === 'failed') {
    return unavailable(context.deps, 'records', read.failure);
  }
  return read.shown === undefined ? undefined : refuseManaging(context, workspaceOfShown(read.shown));
};

const prune: GuardedRoute = {
  method: 'POST',
  path: '/v1/sources/:id/prune',
  access: 'sources:manage',
  parameters: [],
  about: {
    summary: 'Approve deletions that wait for a person: exactly those',
    path: { id: 'the id of a source' },
    body: z.object({ plan: z.string().meta({ pattern: '^[0-9a-f]{16}$' }) }),
    answer: { source: z.string(), plan: z.string(), documents: z.int(), ...CHANGED },
    problems: [409, 422],
  },
  hasBody: true,
  answer: async (context) => {
    const { deps, id, view } = context;
    const body = bodyAs(planSchema, ['plan'], context.body);
    if (body.kind === 'refused') {
      return body.answer;
    }
    const read = (await view).sources;
    if (read?.kind === 'failed') {
      return unavailable(deps, 'records', read.failure);
    }
    const refused = await refuseManagingSource(context);
    if (refused !== undefined) {
      return refused;
    }
    const held = read?.value.find(({ payload }) => payload.id === id)?.payload.held;
    const { plan } = body.value;
    return held?.plan === plan ? approve(context, plan, held.documents) : notHeldBack(id, plan, held?.plan);
  },
};

export const PRUNE_ROUTES: readonly GuardedRoute[] = [prune];
