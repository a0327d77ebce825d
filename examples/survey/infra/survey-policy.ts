/** What the survey's role may do: one table in both Regions, its debts, and the keys of both tables. */
import {
  allow,
  homeKey,
  owedIndexes,
  type PolicyInputs,
  type Statement,
  tables,
  whereTwo,
} from '../../../infra/grants.ts';
import { regionalArn } from '../../../infra/names.ts';

type SurveyInputs = Pick<PolicyInputs, 'home' | 'peer' | 'keyArn'>;

export const surveyStatements = (inputs: SurveyInputs, functionName: string): readonly Statement[] => [
  // The batches and updates are those of the debts: cleared after each vote, drained when the peer answers again.
  tables('HomeVotes', inputs.home, ['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem'], ['workspaces']),
  owedIndexes('HomeDebts', inputs.home, ['workspaces']),
  ...homeKey(inputs, ['dynamodb']),
  ...whereTwo(inputs, ['dynamodb'], (peer) => [tables('PeerVotes', peer, ['GetItem', 'PutItem'], ['workspaces'])]),
  allow(
    'Logs',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    [`${regionalArn(inputs.home, 'logs', `log-group:/aws/lambda/${functionName}`)}:*`],
  ),
];
