/** Every alarm of one Region. Only its own metrics, and no action but a message: nothing here ever switches anything. */
import type { Alarm, AlarmFacts, AlarmGroup } from './alarm.ts';
import { auditAlarms } from './audit.ts';
import { cycleAlarms } from './cycles.ts';
import { frontAlarms } from './front.ts';
import { functionAlarms } from './functions.ts';
import { gateAlarms } from './gate.ts';
import { pairAlarms } from './pair.ts';
import { queueAlarms } from './queues.ts';
import { storeAlarms } from './stores.ts';

/** The headings of the dashboard and of docs/alarms.md, in the order in which a person looks. */
export const GROUPS: Readonly<Record<AlarmGroup, { readonly title: string; readonly about: string }>> = {
  front: { title: 'What clients meet', about: 'The internal load balancer and the API of this Region.' },
  cycles: { title: 'Reading the sources', about: 'Whether cycles are committed, and how they end.' },
  pair: { title: 'The two Regions', about: 'Debts, drift, proof, and who is told to work, as this Region sees it.' },
  gate: { title: 'The gate', about: 'Whether the document that says who works is there, new and obeyed.' },
  stores: { title: 'Stores', about: "Failed writes by the Region that they went to; this Region's tables." },
  queues: { title: 'Queues', about: 'What waits, and what was given up.' },
  functions: { title: 'Functions', about: 'Errors, throttles and silence of each function.' },
  audit: { title: 'The audit log', about: 'Whether it is whole, sealed and complete.' },
};

export const alarmsOf = (facts: AlarmFacts): readonly Alarm[] => [
  ...frontAlarms(facts),
  ...cycleAlarms(facts),
  ...pairAlarms(facts),
  ...gateAlarms(facts),
  ...storeAlarms(facts),
  ...queueAlarms(facts),
  ...functionAlarms(facts),
  ...auditAlarms(facts),
];

/** Where a person reads on; also the anchor of the row in docs/alarms.md. */
export const runbookOf = ({ name }: Pick<Alarm, 'name'>): string => `docs/alarms.md#${name}`;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** What the message says before anybody has opened a console. */
export const descriptionOf = (alarm: Alarm): string =>
  `${sentence(alarm.when)} ${alarm.means} First: ${alarm.first} More: ${runbookOf(alarm)}`;
