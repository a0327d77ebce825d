/** A program that holds a Lambda host, runs the bundle it is given, prints its environment's process id, and waits to be killed. */
import { createLambdaHost } from '../../../local/lambda/host.ts';
import { ACCOUNT_ID, REGION, specOf } from './bundle.ts';

const [directory = '', codeDirectory = ''] = process.argv.slice(2);
const host = createLambdaHost({
  region: REGION,
  accountId: ACCOUNT_ID,
  dataDirectory: directory,
  onLog: ({ text }) => {
    process.stdout.write(`${text}\n`);
  },
});
await host.ensureFunction(specOf('endless', codeDirectory, { timeoutSeconds: 60 }));
await host.invoke('endless', {});
