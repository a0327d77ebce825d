/** What a Terraform file says, free of the parser: blocks, attributes and the few expressions that are evaluated. */

interface Placed {
  readonly line: number;
  /** As written, cut; shown where the evaluation stops at it. */
  readonly text: string;
}

export type Step = string | Expression;

export type Expression = Placed &
  (
    | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
    | { readonly kind: 'template'; readonly parts: readonly Expression[] }
    | { readonly kind: 'list'; readonly items: readonly Expression[] }
    | { readonly kind: 'object'; readonly entries: readonly (readonly [Expression, Expression])[] }
    /** `var.x`, `aws_sqs_queue.q[0].arn`: a root and steps, a text for a name (`*` for all), an expression for an index. */
    | { readonly kind: 'reference'; readonly root: string; readonly steps: readonly Step[] }
    /** Operators are calls too (`&&`); `expands` where the last argument is a list of further ones (`merge(local.all...)`). */
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly expands?: boolean }
    /** `[for k, v in var.map : v if k != "x"]`, and with a key the object. */
    | {
        readonly kind: 'for';
        readonly names: readonly string[];
        readonly over: Expression;
        readonly key: Expression | undefined;
        readonly value: Expression;
        readonly test: Expression | undefined;
        /** `=> v...`: values with one key become a list. */
        readonly groups: boolean;
      }
    | {
        readonly kind: 'conditional';
        readonly test: Expression;
        readonly whenTrue: Expression;
        readonly whenFalse: Expression;
      }
    /** Not evaluated; its parts are still looked through for references. */
    | { readonly kind: 'other'; readonly parts: readonly Expression[] }
  );

export interface Attribute {
  readonly name: string;
  readonly line: number;
  readonly value: Expression;
}

export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly line: number;
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly Block[];
}

export interface TerraformFile {
  readonly path: string;
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly Block[];
  /** The first place that is no Terraform; what was read around it is kept. */
  readonly error?: { readonly line: number; readonly column: number; readonly near: string };
}

export const attributeOf = (block: Pick<Block, 'attributes'>, name: string): Attribute | undefined =>
  block.attributes.find((attribute) => attribute.name === name);

export const blocksOf = (block: Pick<Block, 'blocks'>, type: string): readonly Block[] =>
  block.blocks.filter((inner) => inner.type === type);

/** `dynamic "replica" { content { … } }` is a `replica` block of unknown number; its contents are read like any other. */
export const withDynamic = (block: Pick<Block, 'blocks'>): readonly Block[] =>
  block.blocks.flatMap((inner): readonly Block[] => {
    const content = inner.type === 'dynamic' ? blocksOf(inner, 'content')[0] : inner;
    return content === undefined
      ? []
      : [{ ...content, type: inner.type === 'dynamic' ? (inner.labels[0] ?? '') : inner.type }];
  });
