/** The questions of an incident over HTTP. They ask the home Region's stores and nothing else. */
import { z } from 'zod';

import { type Answer, problem } from './answer.ts';
import {
  answerBlastRadius,
  answerDependents,
  answerIncident,
  answerNames,
  answerNeighbors,
  answerOnCall,
  answerWorkarounds,
  type GraphAnswer,
  type Told,
} from './graph-answers.ts';
import { countedShape, dependentShape, rowShape, saidShape, stepShape, toldShape } from './graph-shapes.ts';
import { isRegion } from '../graph/region/names.ts';
import { shownText } from './parameters.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';

const didYouMean = (near: readonly string[], otherwise: string): string =>
  near.length === 0 ? otherwise : `Did you mean ${near.join(', ')}?`;

const unknownName = (
  { deps }: GuardedContext,
  asked: string,
  { what, near, some = [] }: Extract<GraphAnswer<never>, { kind: 'unknown' }>,
): Answer =>
  what === 'region'
    ? problem(404, 'no-region', {
        what: `"${shownText(asked)}" is no AWS Region`,
        why: isRegion(asked)
          ? 'It is none that this version knows, and nothing in the files that were read is tied to it.'
          : 'A Region is written as us-east-1.',
        next: didYouMean(near, 'See /v1/graph/names for the Regions that something is tied to.'),
      })
    : problem(404, 'no-component', {
        what: `there is no component "${shownText(asked)}"`,
        why: `No source of ${deps.region} that you may read declares it.`,
        next: didYouMean(
          near,
          some.length === 0
            ? 'You may read none yet: see /v1/sources for what was read.'
            : `There are ${some.join(', ')}; /v1/graph/names lists all of them.`,
        ),
      });

const envelope = <T>({ rules, freshness, missing, cost }: Told<T>): Readonly<Record<string, unknown>> => ({
  rules,
  freshness,
  missing,
  cost,
});

/** The answer's own fields, and the list that may be cut. */
const answerWith = <T>(
  context: GuardedContext,
  asked: string,
  answer: GraphAnswer<T>,
  show: (value: T) => Pick<Answer, 'fields' | 'list'>,
): Answer => {
  switch (answer.kind) {
    case 'failed': {
      return unavailable(context.deps, answer.part, answer.failure);
    }
    case 'unknown': {
      return unknownName(context, asked, answer);
    }
    case 'told': {
      const { fields, list } = show(answer.value);
      return { status: 200, fields: { ...envelope(answer), ...fields }, ...(list === undefined ? {} : { list }) };
    }
  }
};

const REGION_PATH = {
  region:
    'the code of an AWS Region, for instance us-east-1. 404, with the codes that are near, where it is neither a known one nor one ' +
    'that something is tied to: an empty answer is always about a Region that there is',
};
const COMPONENT_PATH = { component: 'the name of a component' };

const regionOf = ({ names }: GuardedContext): string => names['region'] ?? '';
const componentOf = ({ names }: GuardedContext): string => names['component'] ?? '';

const incident: GuardedRoute = {
  method: 'GET',
  path: '/v1/incidents/region/:region',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'What happens when a Region fails: each component with its impact, proof, owner, on-call and runbooks',
    description:
      'DOWN, DEGRADED, CONTROL-PLANE or UNKNOWN; worst first, then by tier and by how many components fail with it. Answered from ' +
      'stored evidence alone. Components that the caller may not read are counted and not named.',
    path: REGION_PATH,
    answer: {
      asked: z.string(),
      ...toldShape,
      ...countedShape,
      unchecked: z.int(),
      isCut: z.boolean(),
      rows: z.array(rowShape),
    },
    list: 'rows',
    problems: [404, 503],
  },
  answer: async (context) =>
    answerWith(context, regionOf(context), await answerIncident(context, regionOf(context)), (value) => ({
      fields: {
        asked: value.region,
        counts: value.counts,
        restricted: value.restricted,
        unchecked: value.unchecked,
        isCut: value.isCut,
      },
      list: { name: 'rows', items: value.rows },
    })),
};

const dependents: GuardedRoute = {
  method: 'GET',
  path: '/v1/regions/:region/dependents',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'Which components depend on a Region, directly or through others',
    path: REGION_PATH,
    answer: {
      asked: z.string(),
      ...toldShape,
      ...countedShape,
      unchecked: z.int(),
      isCut: z.boolean(),
      dependents: z.array(dependentShape),
    },
    list: 'dependents',
    problems: [404, 503],
  },
  answer: async (context) =>
    answerWith(context, regionOf(context), await answerDependents(context, regionOf(context)), (value) => ({
      fields: {
        asked: value.region,
        counts: value.counts,
        restricted: value.restricted,
        unchecked: value.unchecked,
        isCut: value.isCut,
      },
      list: { name: 'dependents', items: value.dependents },
    })),
};

const blastRadius: GuardedRoute = {
  method: 'GET',
  path: '/v1/components/:component/blast-radius',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'What fails when this component does',
    path: COMPONENT_PATH,
    answer: { component: z.string(), ...toldShape, ...countedShape, isCut: z.boolean(), rows: z.array(rowShape) },
    list: 'rows',
    problems: [404, 503],
  },
  answer: async (context) =>
    answerWith(context, componentOf(context), await answerBlastRadius(context, componentOf(context)), (value) => ({
      fields: {
        component: value.component,
        counts: value.counts,
        restricted: value.restricted,
        isCut: value.isCut,
      },
      list: { name: 'rows', items: value.rows },
    })),
};

const onCall: GuardedRoute = {
  method: 'GET',
  path: '/v1/components/:component/on-call',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'Whose a component is and who is paged, with where that was read and when',
    path: COMPONENT_PATH,
    answer: { component: z.string(), ...toldShape, owner: saidShape.nullable(), onCall: z.array(saidShape) },
    problems: [404, 503],
  },
  answer: async (context) =>
    answerWith(context, componentOf(context), await answerOnCall(context, componentOf(context)), (value) => ({
      fields: { component: value.component, owner: value.owner ?? null, onCall: value.onCall },
    })),
};

const workarounds: GuardedRoute = {
  method: 'GET',
  path: '/v1/components/:component/workarounds',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'Runbooks, decision records and other places where a component runs',
    path: COMPONENT_PATH,
    answer: {
      component: z.string(),
      ...toldShape,
      runbooks: z.array(saidShape),
      decisions: z.array(saidShape),
      alternates: z.array(stepShape),
    },
    problems: [404, 503],
  },
  answer: async (context) =>
    answerWith(context, componentOf(context), await answerWorkarounds(context, componentOf(context)), (value) => ({
      fields: {
        component: value.component,
        runbooks: value.runbooks,
        decisions: value.decisions,
        alternates: value.alternates,
      },
    })),
};

const neighbors: GuardedRoute = {
  method: 'GET',
  path: '/v1/components/:component/neighbors',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'What a component is tied to, in both directions, each tie with its evidence',
    path: COMPONENT_PATH,
    answer: {
      component: z.string(),
      ...toldShape,
      restricted: z.int().meta({ description: 'ties that are there and that the caller may not see' }),
      isCut: z.boolean(),
      edges: z.array(stepShape.extend({ direction: z.enum(['out', 'in']) })),
    },
    list: 'edges',
    problems: [404, 503],
  },
  answer: async (context) =>
    answerWith(context, componentOf(context), await answerNeighbors(context, componentOf(context)), (value) => ({
      fields: { component: value.component, restricted: value.restricted, isCut: value.isCut },
      list: { name: 'edges', items: value.edges },
    })),
};

const names: GuardedRoute = {
  method: 'GET',
  path: '/v1/graph/names',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'Components that there are, and Regions that something is tied to',
    answer: { ...toldShape, regions: z.array(z.string()), components: z.array(z.string()) },
    problems: [503],
  },
  answer: async (context) =>
    answerWith(context, '', await answerNames(context), ({ regions, components }) => ({
      fields: { regions, components },
    })),
};

export const GRAPH_ROUTES: readonly GuardedRoute[] = [
  incident,
  dependents,
  blastRadius,
  onCall,
  workarounds,
  neighbors,
  names,
];
