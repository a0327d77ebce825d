/** What the page says of an outcome: who answered, who did not, and what that means for the vote. */
import type { ResultsOutcome, Served, VoteOutcome } from './survey-client.ts';

const elsewhere = (first: string, { region, attempts }: Served): string =>
  region === first ? '' : attempts > 1 ? ` ${first} did not answer.` : ` ${first} is left out until it answers again.`;

/** `first`: the preferred Region; `label`: the choice as people read it. */
export const voteSentence = (outcome: VoteOutcome, first: string, label: string): string => {
  switch (outcome.kind) {
    case 'held': {
      const kept =
        outcome.replication === 'both'
          ? 'Both Regions hold it.'
          : 'It is kept there, and goes to the other Region as soon as that answers.';
      return `Your vote for ${label} was taken by ${outcome.region}.${elsewhere(first, outcome)} ${kept}`;
    }
    case 'reset': {
      return 'The survey was started anew since you last saw it. Please vote again.';
    }
    case 'refused': {
      return `Your vote was not taken: ${outcome.why}`;
    }
    case 'unreachable': {
      return 'No Region has confirmed your vote. Press again: however often it is sent, it counts once.';
    }
  }
};

export const resultsSentence = (outcome: ResultsOutcome, first: string, timeOf: (ms: number) => string): string => {
  switch (outcome.kind) {
    case 'counted': {
      const { votes, region, asOf, owed } = outcome;
      const onTheWay = owed === 0 ? '' : ` ${owed} ${owed === 1 ? 'is' : 'are'} still on the way to the other Region.`;
      return `${votes} ${votes === 1 ? 'vote' : 'votes'}, as ${region} held them at ${timeOf(asOf)}.${onTheWay}${elsewhere(first, outcome)}`;
    }
    case 'refused': {
      return `No results: ${outcome.why}`;
    }
    case 'unreachable': {
      return 'No Region answers just now; what you see is the last count.';
    }
  }
};
