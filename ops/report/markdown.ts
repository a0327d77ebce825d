/** A report as Markdown: what its writer kept as text, or the fields that every report has. Pure. */
import type { StoredReport } from './store.ts';

/** A report carries its own Markdown where it has one: whoever reads it may be a version behind. */
export const reportMarkdown = ({ kind, id, payload }: StoredReport): string => {
  const own = payload['markdown'];
  if (typeof own === 'string') {
    return own;
  }
  const { at, by, state, summary, ...rest } = payload;
  return [
    `# ${summary}`,
    '',
    `- Report: \`${kind}#${id}\`, ${state}`,
    `- By ${by}, ${new Date(at).toISOString()}`,
    '',
    '```json',
    JSON.stringify(rest, null, 2),
    '```',
    '',
  ].join('\n');
};
