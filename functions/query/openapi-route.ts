/** Serves the document of the API, to anybody: it says what could be asked, and nothing of what is there. */
import { z } from 'zod';

import { openApiDocument } from './openapi.ts';
import type { OpenRoute, Route } from './route.ts';

export const openApiRoute = (routes: () => readonly Route[]): OpenRoute => {
  let made: object | undefined;
  return {
    method: 'GET',
    path: '/v1/openapi.json',
    access: 'open',
    parameters: [],
    isLocal: true,
    about: {
      summary: 'This document',
      answer: {},
      bare: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
    },
    answer: async () => {
      made ??= openApiDocument(routes());
      return { status: 200, fields: {}, bare: made };
    },
  };
};
