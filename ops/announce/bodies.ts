/**
 * One line in the shape that a channel takes. Pure. Slack: an incoming webhook's `text`. Teams: an Adaptive Card 1.4 for the
 * Workflows webhook, which took over from the retired connectors and refuses anything over about 28 kB.
 */
import { TwinmapError } from '../../functions/domain/errors.ts';

export const CHANNEL_KINDS = ['slack', 'teams'] as const;

export type ChannelKind = (typeof CHANNEL_KINDS)[number];

export const TEAMS_BYTES_MAX = 28_000;
/** Slack cuts a longer text. */
export const SLACK_CHARS_MAX = 4000;

/** The line is longer than a channel takes. */
export class AnnouncementTooLongError extends TwinmapError {
  readonly code = 'TM_ANNOUNCEMENT_TOO_LONG';
  readonly audience = 'user';
  override readonly name = 'AnnouncementTooLongError';
}

/** To Slack these three mean something; unescaped, a reason could notify everybody (`<!channel>`). */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const MARKDOWN = /[\\`*_{}[\]()#+\-.!|>~]/gu;
const ADDRESS = /(?<address>https?:\/\/\S+?)(?<end>[.,;:!?)]*(?:\s|$))/u;

const escaped = (plain: string): string => plain.replaceAll(MARKDOWN, String.raw`\$&`);

/** A text block reads markdown: what is escaped is shown as it is. Addresses stay as they are, or they would not be links. */
const escapeTeams = (text: string): string =>
  text
    .split(/(?<part>https?:\/\/\S+)/u)
    .map((part) => {
      const { address, end } = ADDRESS.exec(part)?.groups ?? {};
      return address === undefined ? escaped(part) : `${address}${escaped(end ?? '')}`;
    })
    .join('');

const teamsCard = (text: string): unknown => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      contentUrl: null,
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [{ type: 'TextBlock', text: escapeTeams(text), wrap: true }],
      },
    },
  ],
});

export const bodyFor = (kind: ChannelKind, text: string): string => {
  switch (kind) {
    case 'slack': {
      if (text.length > SLACK_CHARS_MAX) {
        throw new AnnouncementTooLongError(`Slack takes ${SLACK_CHARS_MAX} characters; shorten the reason`);
      }
      return JSON.stringify({ text: escapeSlack(text) });
    }
    case 'teams': {
      const body = JSON.stringify(teamsCard(text));
      if (Buffer.byteLength(body) > TEAMS_BYTES_MAX) {
        throw new AnnouncementTooLongError(`Teams takes ${TEAMS_BYTES_MAX} bytes; shorten the reason`);
      }
      return body;
    }
  }
};
