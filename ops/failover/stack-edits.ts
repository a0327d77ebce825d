/** What a move leaves in the stack files: the values of the live gates, and a freeze until a person has compared the two. */
import type { Role } from '../../functions/domain/region.ts';
import { ROLES } from '../../functions/domain/region.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import { editStackFile } from '../stack-files/edit.ts';
import { KEYS, readStackPair, type StackPair } from '../stack-files/gate-values.ts';
import { StackFileError } from '../stack-files/stack-file.ts';
import { type FileEdit, writeStackFiles } from '../stack-files/write.ts';

/** Undefined where there are none in the folder: a laptop with a break-glass stick has no checkout. */
export const findStackPair = async (directory: string): Promise<StackPair | undefined> => {
  try {
    return await readStackPair(directory);
  } catch (error) {
    if (error instanceof StackFileError) {
      return undefined;
    }
    throw error;
  }
};

export const editsFor = (pair: StackPair, documents: Readonly<Record<Role, GateDocument>>): readonly FileEdit[] =>
  ROLES.map((role) => {
    const { file } = pair[role];
    const document = documents[role];
    const { changed_at: at, changed_by: by, reason } = document;
    return {
      before: file,
      after: editStackFile(
        file,
        {
          [KEYS.active]: document.is_active_for_scheduled_work,
          [KEYS.peerWrites]: document.peer_writes,
          [KEYS.epoch]: document.epoch,
          [KEYS.changedAt]: at,
          [KEYS.changedBy]: by,
          [KEYS.reason]: reason,
          [KEYS.freeze]: { reason, by, at },
        },
        KEYS.active,
      ),
    };
  });

/** Read again right before they are written: the pair of the plan may be minutes old. */
export const writeMoved = async (
  directory: string,
  documents: Readonly<Record<Role, GateDocument>>,
): Promise<readonly string[]> => {
  const edits = editsFor(await readStackPair(directory), documents);
  await writeStackFiles(edits);
  return edits.map(({ before }) => before.name);
};
