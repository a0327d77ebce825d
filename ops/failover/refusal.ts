/** Why a move may not begin, or not go on, although both Regions would take it: somebody else is at it, or came later. Pure. */
import { claimSentence } from './claim.ts';
import type { Order, Refused } from './plan.ts';
import { highestSeen, openClaims, type World } from './world.ts';

const somebodyElse = (world: World, order: Order): Refused | undefined => {
  const running = openClaims(world).find(({ id }) => id !== order.resume?.id);
  return running === undefined || order.takeOver === true
    ? undefined
    : {
        kind: 'refused',
        because: 'in-progress',
        why:
          `${claimSentence(running)}. Wait for it; if nobody is at it any more, go on with it: ` +
          `npx twinmap ${running.move} --to ${running.to} --resume. A new move over it: --take-over`,
      };
};

/** Under the epoch of a move that was overtaken, two Regions could work at once: what it would deploy no longer counts. */
const overtaken = (world: World, { resume, fileEpochs }: Order): Refused | undefined => {
  const seen = Math.max(highestSeen(world), ...fileEpochs);
  return resume === undefined || seen <= resume.epoch
    ? undefined
    : {
        kind: 'refused',
        because: 'superseded',
        why:
          `epoch ${seen} was seen since, and the move that would go on has epoch ${resume.epoch}. Look at: npx twinmap status; ` +
          `a new move, under a higher epoch: npx twinmap ${resume.move} --to ${resume.to} --take-over`,
      };
};

/** Of somebody who is at it, or who came later than the move that would go on. */
export const refusalFor = (world: World, order: Order): Refused | undefined =>
  somebodyElse(world, order) ?? overtaken(world, order);
