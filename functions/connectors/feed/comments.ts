/** What people wrote below a ticket, as a section of its text. The newest are kept: they say how it ended. Pure. */
import { LIMITS } from '../../domain/limits.ts';

export interface TicketComment {
  readonly author: string;
  /** ISO 8601, as the service writes it. */
  readonly at: string;
  readonly text: string;
}

const DATE_CHARS = 10;

/** Empty where there are none. `missing`: older ones that were not read. */
export const commentsText = (comments: readonly TicketComment[], missing = 0): string => {
  const kept = comments.slice(-LIMITS.ticketCommentsMax);
  const left = missing + comments.length - kept.length;
  const written = kept
    .filter(({ text }) => text.trim() !== '')
    .map(
      ({ author, at, text }) =>
        `### ${author === '' ? 'Somebody' : author}, ${at.slice(0, DATE_CHARS)}\n\n${text.trim()}`,
    );
  const note = left > 0 ? [`${String(left)} older ones are not read.`] : [];
  return written.length === 0 ? '' : ['## Comments', ...note, ...written].join('\n\n');
};
