/**
 * The decisions among the lines of functions and router, as sentences: who is active, how the Regions stand to each other, what was
 * drained or repaired, which request failed. What stays as it was is told once. Pure but for what it remembers.
 */

export interface DecisionLine {
  readonly level: 'info' | 'warn' | 'error';
  /** In one word, what it is about. */
  readonly label: string;
  readonly text: string;
}

type Fields = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value.toString() : '?';

const parse = (line: string): Fields | undefined => {
  // Measurements are lines, too, and no decisions.
  if (!line.startsWith('{') || line.startsWith('{"_aws"')) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    // A line of a library or a stack trace.
    return undefined;
  }
};

interface Sentence {
  readonly label: string;
  readonly text: string;
  /** What it is the state of: told when it changes. Absent: told every time. */
  readonly state?: string;
  /** The first one is known from elsewhere. */
  readonly isFirstSilent?: boolean;
}

type Tell = (fields: Fields) => Sentence | undefined;

const drained: Tell = ({ from, sent, outcome }) =>
  Number(sent) > 0
    ? { label: 'drained', text: `${textOf(from)} sent ${textOf(sent)} records that it owed (${textOf(outcome)})` }
    : undefined;

const answered: Tell = ({ region, method, path, status, requestId }) =>
  Number(status) >= 500
    ? {
        label: 'request',
        text: `${textOf(region)} answered ${textOf(method)} ${textOf(path)} with ${textOf(status)} (request ${textOf(requestId)})`,
      }
    : undefined;

const TELL: Readonly<Record<string, Tell>> = {
  'gate.decided': ({ level, region, function: name, state, epoch, reason, detail }) => ({
    label: 'gate',
    text: `${textOf(region)} is ${textOf(state)} in epoch ${textOf(epoch)} (${textOf(reason)}): ${textOf(detail)}`,
    state: `gate ${textOf(region)} ${textOf(name)}`,
    isFirstSilent: level === 'info',
  }),
  'gate.raised': ({ region, epoch, by }) => ({
    label: 'gate',
    text: `${textOf(region)} saw that ${textOf(by)} works under epoch ${textOf(epoch)}, and stays passive`,
  }),
  'peer.state-changed': ({ region, peer, state, reason }) => ({
    label: 'peer',
    text: `${textOf(region)} takes ${textOf(peer)} for ${textOf(state)} (${textOf(reason)})`,
  }),
  'peer.answers-again': ({ region, service }) => ({
    label: 'peer',
    text: `${textOf(service)} of ${textOf(region)} answers again; what is owed is sent at once`,
  }),
  'proof.compared': ({ region, verdict, drift, owed }) => ({
    label: 'compared',
    text: `${textOf(region)}: ${textOf(verdict)}, ${textOf(drift)} drift, ${textOf(owed)} owed`,
    state: `compared ${textOf(region)}`,
  }),
  'drain.finished': drained,
  'repair.finished': ({ region, outcome, mended, sent, unmendable }) => ({
    label: 'repaired',
    text: `${textOf(region)}: ${textOf(outcome)}, ${textOf(sent)} sent, ${textOf(mended)} mended, ${textOf(unmendable)} not to be mended`,
  }),
  'document.failed': ({ source, id, message }) => ({
    label: 'failed',
    text: `${textOf(source)}: ${textOf(id)}: ${textOf(message)}; it is tried again`,
  }),
  'audit.missing': ({ region, action, target, why }) => ({
    label: 'audit',
    text: `${textOf(region)} could not record ${textOf(action)} of ${textOf(target)} (${textOf(why)})`,
  }),
  'api.defect': ({ region, path, name, requestId }) => ({
    label: 'defect',
    text: `${textOf(region)}: ${textOf(path)} met ${textOf(name)} (request ${textOf(requestId)})`,
  }),
  'api.answered': answered,
  'request.moved': ({ method, from, to, why }) => ({
    label: 'router',
    text: `${textOf(method)} went from ${textOf(from)} to ${textOf(to)} (${textOf(why)})`,
    state: `moved ${textOf(from)} ${textOf(to)}`,
  }),
  'request.unanswered': ({ method }) => ({ label: 'router', text: `no Region answered a ${textOf(method)}` }),
};

const levelOf = ({ level }: Fields): DecisionLine['level'] => (level === 'error' || level === 'warn' ? level : 'info');

export class DecisionLines {
  readonly #states = new Map<string, string>();

  /** Undefined where the line tells of no decision, or of one that stands as it stood. */
  take(line: string): DecisionLine | undefined {
    const fields = parse(line);
    const event = fields?.['event'];
    return fields === undefined || typeof event !== 'string' ? undefined : this.takeEvent(event, fields);
  }

  takeEvent(event: string, fields: Fields): DecisionLine | undefined {
    const sentence = Object.hasOwn(TELL, event) ? TELL[event]?.(fields) : undefined;
    if (sentence === undefined) {
      return undefined;
    }
    const { label, text, state, isFirstSilent = false } = sentence;
    const before = state === undefined ? undefined : this.#states.get(state);
    if (state !== undefined) {
      this.#states.set(state, text);
    }
    const isKnown = before === text || (isFirstSilent && before === undefined);
    return isKnown ? undefined : { level: levelOf(fields), label, text };
  }
}
