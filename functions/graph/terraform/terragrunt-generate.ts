/** Files that Terragrunt writes beside a module: `generate` blocks, read as Terraform with what stands in them evaluated. */
import type { Parsers } from '../syntax/parsers.ts';
import { evaluate } from './evaluate.ts';
import { readHcl } from './read-hcl.ts';
import type { Input, Scope } from './scope.ts';
import { attributeOf, type Block, type Expression, type TerraformFile } from './syntax.ts';
import { inFile, textOf } from './value.ts';

export interface Generated {
  readonly files: readonly TerraformFile[];
  /** What stands in the texts, under names of its own, so that the lines that decided it are kept. */
  readonly inputs: ReadonlyMap<string, Input>;
}

const ofContents = (contents: Expression, scope: Scope, path: string, inputs: Map<string, Input>): string => {
  const parts = contents.kind === 'template' ? contents.parts : [contents];
  return parts
    .map((part) => {
      if (part.kind === 'literal') {
        return String(part.value ?? '').replaceAll('$${', '${');
      }
      const value = inFile(evaluate(part, scope), path);
      const name = `terragrunt-${path.replaceAll(/\W/gu, '-')}-${part.line}-${inputs.size}`;
      inputs.set(name, { value });
      // A Region in quotes is a template; elsewhere a bare expression stands there.
      return textOf(value) !== undefined && !/^[\w.-]+$/u.test(textOf(value) ?? '')
        ? (textOf(value) ?? '')
        : `\${var.${name}}`;
    })
    .join('');
};

/** `remote_state` and what is generated under the name of a backend. */
const stateBlock = (block: Block, scope: Scope): readonly Block[] => {
  const config = attributeOf(block, 'config')?.value;
  const backend = attributeOf(block, 'backend')?.value;
  if (config?.kind !== 'object' || backend === undefined) {
    return [];
  }
  const attributes = config.entries.flatMap(([key, value]) => {
    const known = evaluate(value, scope);
    const literal: Expression = { kind: 'literal', value: textOf(known) ?? null, line: value.line, text: value.text };
    return key.kind === 'literal' ? [{ name: String(key.value), line: value.line, value: literal }] : [];
  });
  const labels = [textOf(evaluate(backend, scope)) ?? ''];
  const inner: Block = { type: 'backend', labels, line: block.line, attributes, blocks: [] };
  return [{ type: 'terraform', labels: [], line: block.line, attributes: [], blocks: [inner] }];
};

export const generated = (parsers: Parsers, file: TerraformFile, scope: Scope): Generated => {
  const inputs = new Map<string, Input>();
  const files = file.blocks.flatMap((block): TerraformFile[] => {
    if (block.type === 'remote_state') {
      return [{ path: file.path, attributes: [], blocks: stateBlock(block, scope) }];
    }
    const contents = block.type === 'generate' ? attributeOf(block, 'contents')?.value : undefined;
    if (contents === undefined) {
      return [];
    }
    const text = ofContents(contents, scope, file.path, inputs);
    // As many lines before it as stand before it in its file: what is read there has its lines.
    return [readHcl(parsers, file.path, '\n'.repeat(contents.line) + text)];
  });
  return { files, inputs };
};
