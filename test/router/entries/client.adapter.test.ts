/** The fetch client under the same suite as the other forms. */
import { CLIENT_ADAPTER } from '../support/running-forms.ts';
import { adapterSuite } from './adapter-suite.ts';

adapterSuite(CLIENT_ADAPTER);
