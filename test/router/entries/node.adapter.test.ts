/** The Node entry under the same suites as the other forms. */
import { NODE_ADAPTER } from '../support/running-forms.ts';
import { adapterSuite } from './adapter-suite.ts';
import { serverSuite } from './server-suite.ts';
import { tlsSuite } from './tls-suite.ts';

adapterSuite(NODE_ADAPTER);
serverSuite(NODE_ADAPTER);
tlsSuite(NODE_ADAPTER);
