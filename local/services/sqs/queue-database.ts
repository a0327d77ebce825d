/** The rows of SQS's stand-in: queues, messages in sending order, and the deduplication ids of the last five minutes. */

import { SqliteFile, type SqlRow } from '../database.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS queues (
    name TEXT PRIMARY KEY,
    fifo INTEGER NOT NULL,
    visibility_seconds INTEGER NOT NULL,
    retention_seconds INTEGER NOT NULL,
    content_deduplication INTEGER NOT NULL,
    dead_letter_queue TEXT,
    receives_max INTEGER,
    created_at REAL NOT NULL
  );
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    group_id TEXT,
    deduplication_id TEXT,
    body TEXT NOT NULL,
    attributes TEXT NOT NULL,
    sent_at REAL NOT NULL,
    visible_at REAL NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0,
    first_received_at REAL,
    receipt TEXT,
    source_queue TEXT
  );
  CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, visible_at);
  CREATE INDEX IF NOT EXISTS messages_by_group ON messages (queue, group_id, visible_at);
  CREATE TABLE IF NOT EXISTS deduplications (
    queue TEXT NOT NULL,
    deduplication_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (queue, deduplication_id)
  );
`;

export interface QueueRow {
  readonly name: string;
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly contentDeduplication: boolean;
  readonly deadLetterQueue: string | undefined;
  readonly receivesMax: number | undefined;
  readonly createdAt: number;
}

export interface MessageRow {
  readonly id: number;
  readonly queue: string;
  readonly messageId: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly body: string;
  readonly attributes: string;
  readonly sentAt: number;
  readonly visibleAt: number;
  readonly receives: number;
  readonly firstReceivedAt: number | undefined;
  readonly receipt: string | undefined;
  readonly sourceQueue: string | undefined;
}

export type NewMessage = Pick<
  MessageRow,
  'queue' | 'messageId' | 'groupId' | 'deduplicationId' | 'body' | 'attributes' | 'sentAt' | 'visibleAt' | 'sourceQueue'
>;

export interface SentMessage {
  readonly messageId: string;
  readonly sequence: number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const optionalText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const optionalNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const readQueue = (row: SqlRow): QueueRow => ({
  name: text(row['name']),
  fifo: row['fifo'] === 1,
  visibilitySeconds: Number(row['visibility_seconds']),
  retentionSeconds: Number(row['retention_seconds']),
  contentDeduplication: row['content_deduplication'] === 1,
  deadLetterQueue: optionalText(row['dead_letter_queue']),
  receivesMax: optionalNumber(row['receives_max']),
  createdAt: Number(row['created_at']),
});

const readMessage = (row: SqlRow): MessageRow => ({
  id: Number(row['id']),
  queue: text(row['queue']),
  messageId: text(row['message_id']),
  groupId: optionalText(row['group_id']),
  deduplicationId: optionalText(row['deduplication_id']),
  body: text(row['body']),
  attributes: text(row['attributes']),
  sentAt: Number(row['sent_at']),
  visibleAt: Number(row['visible_at']),
  receives: Number(row['receives']),
  firstReceivedAt: optionalNumber(row['first_received_at']),
  receipt: optionalText(row['receipt']),
  sourceQueue: optionalText(row['source_queue']),
});

export class QueueDatabase {
  readonly #file: SqliteFile;

  constructor(file: string) {
    this.#file = new SqliteFile(file, SCHEMA);
  }

  close(): void {
    this.#file.close();
  }

  transaction<T>(work: () => T): T {
    return this.#file.transaction(work);
  }

  queue(name: string): QueueRow | undefined {
    const [row] = this.#file.all('SELECT * FROM queues WHERE name = ?', name);
    return row === undefined ? undefined : readQueue(row);
  }

  putQueue(queue: QueueRow): void {
    this.#file.run(
      `INSERT INTO queues VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET visibility_seconds = excluded.visibility_seconds,
         retention_seconds = excluded.retention_seconds, content_deduplication = excluded.content_deduplication,
         dead_letter_queue = excluded.dead_letter_queue, receives_max = excluded.receives_max`,
      queue.name,
      Number(queue.fifo),
      queue.visibilitySeconds,
      queue.retentionSeconds,
      Number(queue.contentDeduplication),
      queue.deadLetterQueue ?? null,
      queue.receivesMax ?? null,
      queue.createdAt,
    );
  }

  insertMessage(message: NewMessage): number {
    const result = this.#file
      .statement(
        `INSERT INTO messages (queue, message_id, group_id, deduplication_id, body, attributes, sent_at, visible_at, source_queue)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        message.queue,
        message.messageId,
        message.groupId ?? null,
        message.deduplicationId ?? null,
        message.body,
        message.attributes,
        message.sentAt,
        message.visibleAt,
        message.sourceQueue ?? null,
      );
    return Number(result.lastInsertRowid);
  }

  duplicate(queue: string, deduplicationId: string, now: number): SentMessage | undefined {
    const [row] = this.#file.all(
      'SELECT message_id, sequence FROM deduplications WHERE queue = ? AND deduplication_id = ? AND until > ?',
      queue,
      deduplicationId,
      now,
    );
    return row === undefined ? undefined : { messageId: text(row['message_id']), sequence: Number(row['sequence']) };
  }

  rememberDuplicate(queue: string, deduplicationId: string, sent: SentMessage, until: number): void {
    this.#file.run(
      'INSERT OR REPLACE INTO deduplications VALUES (?, ?, ?, ?, ?)',
      queue,
      deduplicationId,
      sent.messageId,
      sent.sequence,
      until,
    );
  }

  forgetDuplicates(now: number): void {
    this.#file.run('DELETE FROM deduplications WHERE until <= ?', now);
  }

  message(id: number): MessageRow | undefined {
    const [row] = this.#file.all('SELECT * FROM messages WHERE id = ?', id);
    return row === undefined ? undefined : readMessage(row);
  }

  /** Oldest first; of a FIFO group nothing while any message of it is invisible. */
  receivable(queue: QueueRow, now: number, limit: number): readonly MessageRow[] {
    const blocked = `AND NOT EXISTS (SELECT 1 FROM messages AS other
      WHERE other.queue = messages.queue AND other.group_id = messages.group_id AND other.visible_at > ?2)`;
    return this.#file
      .all(
        `SELECT * FROM messages WHERE queue = ?1 AND visible_at <= ?2 ${queue.fifo ? blocked : ''} ORDER BY id LIMIT ?3`,
        queue.name,
        now,
        limit,
      )
      .map(readMessage);
  }

  markReceived(message: MessageRow, receipt: string, now: number, visibleAt: number): MessageRow {
    const firstReceivedAt = message.firstReceivedAt ?? now;
    const receives = message.receives + 1;
    this.#file.run(
      'UPDATE messages SET receives = ?, receipt = ?, visible_at = ?, first_received_at = ? WHERE id = ?',
      receives,
      receipt,
      visibleAt,
      firstReceivedAt,
      message.id,
    );
    return { ...message, receives, receipt, visibleAt, firstReceivedAt };
  }

  setVisibility(id: number, visibleAt: number, receipt: string | null): void {
    this.#file.run('UPDATE messages SET visible_at = ?, receipt = ? WHERE id = ?', visibleAt, receipt, id);
  }

  /** Shows again what somebody had received and neither deleted nor released. */
  showReceived(now: number): void {
    this.#file.run(
      'UPDATE messages SET visible_at = ?1, receipt = NULL WHERE receipt IS NOT NULL AND visible_at > ?1',
      now,
    );
  }

  deleteMessage(id: number): void {
    this.#file.run('DELETE FROM messages WHERE id = ?', id);
  }

  purge(queue: string): void {
    this.#file.run('DELETE FROM messages WHERE queue = ?', queue);
  }

  deleteSentBefore(queue: string, sentAt: number): void {
    this.#file.run('DELETE FROM messages WHERE queue = ? AND sent_at <= ?', queue, sentAt);
  }

  receivedOut(queue: string, receivesMax: number, now: number): readonly MessageRow[] {
    return this.#file
      .all(
        'SELECT * FROM messages WHERE queue = ? AND receives >= ? AND visible_at <= ? ORDER BY id',
        queue,
        receivesMax,
        now,
      )
      .map(readMessage);
  }

  count(queue: string, now: number): { readonly visible: number; readonly inFlight: number } {
    const [row] = this.#file.all(
      `SELECT count(*) FILTER (WHERE visible_at <= ?1) AS visible, count(*) FILTER (WHERE visible_at > ?1) AS hidden
       FROM messages WHERE queue = ?2`,
      now,
      queue,
    );
    return { visible: Number(row?.['visible']), inFlight: Number(row?.['hidden']) };
  }

  nextVisibleAt(queue: string, now: number): number | undefined {
    const [row] = this.#file.all(
      'SELECT min(visible_at) AS at FROM messages WHERE queue = ? AND visible_at > ?',
      queue,
      now,
    );
    return optionalNumber(row?.['at']);
  }
}
