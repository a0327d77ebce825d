/** The module that a worker's bundle starts from. Text, because the default export that workerd wants is banned elsewhere. */

export type WorkerTarget = 'workerd' | 'cloudflare';

const OPENERS: Readonly<Record<WorkerTarget, string>> = { workerd: 'openWorkerd', cloudflare: 'openCloudflare' };

export const workerEntry = (target: WorkerTarget): string => `import { ${OPENERS[target]} } from './${target}.ts';
const { log } = console;
const { worker, RouterState } = ${OPENERS[target]}(log);
export { worker as default, RouterState };
`;

/** What the entries rely on: promises that wake another request, Durable Objects on SQLite. */
export const COMPATIBILITY_DATE = '2026-10-01';
export const STATE_CLASS = 'RouterState';
