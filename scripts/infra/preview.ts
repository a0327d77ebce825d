/** A preview as data: both stacks recorded, one of them judged by the policy pack, the two compared. */
import type { Role } from '../../functions/domain/region.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { type Analyzer, openAnalyzer, type Violation } from './analyzer.ts';
import { compareTrees, type TreeComparison } from './compare-trees.ts';
import { PLANTS, planted } from './plants.ts';
import {
  recordStack,
  settingsOf,
  type StackRecording,
  type StackShape,
  withPlaceholderBundles,
} from './record-stack.ts';

export interface PreviewOptions extends StackShape {
  readonly stack: Role;
  /** A name of `PLANTS`: declared on top of the program, to see it refused. */
  readonly plant?: string;
}

export interface Preview {
  readonly recording: StackRecording;
  readonly resources: readonly RecordedResource[];
  readonly rules: readonly string[];
  readonly violations: readonly Violation[];
  /** What the named exemptions let through. */
  readonly exempted: readonly Violation[];
  readonly trees: TreeComparison;
}

/** Ends the name of the policy that tells what a rule exempts. */
const EXEMPTED = '-exempted';

const otherOf = (stack: Role): Role => (stack === 'primary' ? 'secondary' : 'primary');

const withPlant = (recording: StackRecording, name: string | undefined): readonly RecordedResource[] => {
  const plant = name === undefined ? undefined : PLANTS[name];
  return name === undefined || plant === undefined ? recording.resources : planted(recording, name, plant);
};

/** What the pack could not judge counts as refused; the preview knows every value, so there is no excuse. */
const isExempted = ({ level, rule }: Violation): boolean => level === 'advisory' && rule.endsWith(EXEMPTED);

const judge = async (
  analyzer: Analyzer,
  resources: readonly RecordedResource[],
): Promise<Pick<Preview, 'rules' | 'violations' | 'exempted'>> => {
  const found = await analyzer.judge(resources);
  return {
    rules: (await analyzer.rules()).filter((rule) => !rule.endsWith(EXEMPTED)),
    violations: found.filter((violation) => !isExempted(violation)),
    exempted: found
      .filter((violation) => isExempted(violation))
      .map(({ rule, level, urn, message }) => ({ rule: rule.slice(0, -EXEMPTED.length), level, urn, message })),
  };
};

export const previewStack = async ({ stack, plant, ...shape }: PreviewOptions): Promise<Preview> =>
  withPlaceholderBundles(async (functionsDirectory) => {
    const options = { ...shape, functionsDirectory };
    // Beside the programs: each takes a second or more to load.
    const opening = openAnalyzer({ config: await settingsOf(stack, options) });
    try {
      const [recording, other, analyzer] = await Promise.all([
        recordStack(stack, options),
        recordStack(otherOf(stack), options),
        opening,
      ]);
      const resources = withPlant(recording, plant);
      const verdict = await judge(analyzer, resources);
      return { recording, resources, ...verdict, trees: compareTrees(recording, other) };
    } finally {
      await opening.then(
        async (analyzer) => analyzer.close(),
        () => undefined,
      );
    }
  });
