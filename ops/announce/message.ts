/**
 * What people are told when the scheduled work has moved: one line with the address to use. Pure. It stands on its own, because
 * it is pasted by hand where no channel could be reached.
 */

export type AnnouncedMove = 'failover' | 'failback';

export interface AnnouncedRegion {
  /** `us-west-2`. */
  readonly region: string;
  readonly role: string;
  /** The stable address of its API. */
  readonly endpoint: string;
}

export interface Announcement {
  readonly move: AnnouncedMove;
  /** Who works from now on, and whose address is to be used. */
  readonly to: AnnouncedRegion;
  readonly from: AnnouncedRegion;
  /** Whether the other Region answered when it was last asked. */
  readonly isFromReachable: boolean;
  /** In ms since 1970. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** A rehearsal says so first, before anybody acts on it. */
  readonly isDrill?: boolean;
}

const REASON_CHARS_MAX = 200;

/** One line, whatever was typed: a line break would end it in the middle, and a control character may hide the rest. */
const oneLine = (text: string, charsMax: number): string => {
  const flat = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return flat.length > charsMax ? `${flat.slice(0, charsMax - 1)}…` : flat;
};

const whenOf = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const stateOf = ({ move, from, isFromReachable }: Announcement): string => {
  if (!isFromReachable) {
    return `${from.region} does not answer`;
  }
  return move === 'failback'
    ? `${from.region} goes on answering and stands by`
    : `${from.region} answers, but does no scheduled work`;
};

/** The line that is sent and printed. */
export const announcementText = (announcement: Announcement): string => {
  const { move, to, at, by, reason, isDrill = false } = announcement;
  const what = move === 'failover' ? 'failed over to' : 'is back in';
  return [
    `${isDrill ? 'DRILL, no action needed: ' : ''}Twinmap ${what} ${to.region} (${to.role}): use ${to.endpoint}.`,
    `${stateOf(announcement)}.`,
    `Reason: ${oneLine(reason, REASON_CHARS_MAX)} (${oneLine(by, REASON_CHARS_MAX)}, ${whenOf(at)})`,
  ].join(' ');
};
