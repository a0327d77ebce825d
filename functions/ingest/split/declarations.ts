/**
 * Whether a line of code begins a declaration, and what it is called. Patterns over single lines, no parser: a wrong guess
 * moves a cut by a few lines and loses nothing. Every pattern is applied to the first few hundred characters only.
 */
import { plainName } from './outline.ts';

export interface Declaration {
  /** Absent where the line opens a block that has no name worth showing. */
  readonly name?: string;
}

const MODIFIERS =
  /^(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|override|virtual|sealed|partial|inline|extern|unsafe|declare|open|data|suspend|native|synchronized|readonly|local|pub(?:\([^)]*\))?|const|mut|required|convenience|lazy|case|companion|implicit|forward|global)\s+)+/u;
const ANNOTATIONS = /^(?:@[\w.]+(?:\([^()]*\))?\s+)+/u;

const NAMED: readonly RegExp[] = [
  /^(?:class|interface|trait|struct|enum|union|module|namespace|protocol|extension|object|record|type|impl(?:<[^>]*>)?|mod|actor|contract|library|package|message|service|rpc|schema|defmodule|defprotocol|defimpl|input|scalar)\s+(?<name>[\w$&<'][\w$.:<>'&-]*)/u,
  /^(?:function\s*\*?|def|defp|defmacro|defn-?|defmacro|fn|fun|func|sub|proc|procedure|macro|macro_rules!|method|init|constructor|test|bench|local function)\s+(?:\([^()]*\)\s*)?(?<name>[\w$][\w$.?!:'-]*)/u,
  /^\((?:defn-?|defmacro|defun|define|defmethod|defmulti|def|ns|deftest|defrecord|defprotocol)\s+\(?(?<name>[^\s()]+)/u,
  /^(?:describe|it|test|context|suite|feature|scenario)(?:\.\w+)*\s*\(\s*(?<quote>["'`])(?<name>.{1,80}?)\k<quote>/u,
  /^create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+|materialized\s+|external\s+)*(?:table|view|function|procedure|index|trigger|type|schema|sequence|policy|role|database)\s+(?:if\s+not\s+exists\s+)?(?<name>[\w."`[\]]+)/iu,
  /^alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?<name>[\w."`[\]]+)/iu,
];

/** An imported type, not a declared one: `  type Order,`. */
const LISTED_TYPE = /^type\s+[\w$]+(?:\s+as\s+[\w$]+)?,?$/u;
const HOOK = /^(?:beforeEach|afterEach|beforeAll|afterAll|before|after|setup|teardown)\s*\(/u;
const CONTROL =
  /^(?:if|for|foreach|while|switch|catch|try|do|return|await|throw|with|when|match|case|using|lock|synchronized|unless|until|loop|assert|yield|new|delete|print|raise|del|pass|break|continue|import|from|go|defer|select|else|finally|except|super|this|self|echo|require|include)\b/u;
/** `handle(event: Event): Promise<void> {`, `int main(int argc) {`, `static async run() {`. */
const METHOD =
  /^(?:[\w$<>[\],.*&:?]+\s+)*[*&]?(?<name>[\w$#~:.]+)\s*(?:<[^<>()]*>)?\((?:[^;()]|\([^()]*\))*\)[^;=()]*\{\s*$/u;
/** Parameters on the lines below: told from a call by the modifiers before it. */
const OPEN_METHOD = /^(?:[\w$<>[\],.*&:?]+\s+)*[*&]?(?<name>[\w$#~:.]+)\s*(?:<[^<>()]*>)?\([^;=]*[(,]?\s*$/u;
const CONSTRUCTOR = /^(?<name>constructor)\s*\(/u;
const METHOD_ALLMAN =
  /^(?:[\w$<>[\],.*&:?]+\s+)+[*&]?(?<name>[\w$#~:.]+)\s*\([^;={}]*\)\s*(?:const|noexcept|override)?\s*$/u;
const ARROW_MEMBER = /^(?<name>[\w$#]+)\s*(?::[^=]*)?=\s*(?:async\s*)?(?:function\b|\(|\w+\s*=>).*[{(]\s*$/u;
const SHELL_FUNCTION = /^(?<name>[\w:.-]+)\s*\(\)\s*\{?/u;
const BINDING = /^(?:(?:let|var|val)\s+)?(?<name>[\w$.]+)\s*(?::[^=]*)?(?::?=|<-).*(?:[{([`]|=>|=|->)\s*$/u;
const HCL_BLOCK = /^(?<name>[a-z_]\w*(?:\s+"[^"]*")*)\s*\{/u;
const MAKE_TARGET = /^(?<name>[\w./%$()-]+(?:\s+[\w./%-]+)*)\s*:(?![:=])/u;
const BLOCK_END = /(?:[{([:`]|=>|\bdo(?:\s*\|[^|]*\|)?|\bthen|\bbegin)\s*$/iu;
const CSS_RULE = /^(?<name>[^{}]+)\{\s*$/u;

const groupName = (match: RegExpExecArray | null): string | undefined => match?.groups?.['name'];

const named = (patterns: readonly RegExp[], text: string): string | undefined => {
  for (const pattern of patterns) {
    const name = groupName(pattern.exec(text));
    if (name !== undefined) {
      return name;
    }
  }
  return undefined;
};

const withName = (name: string | undefined): Declaration =>
  name === undefined ? {} : { name: plainName(name.replaceAll('"', '')) };

const LANGUAGE_PATTERNS: Readonly<Record<string, readonly RegExp[]>> = {
  hcl: [HCL_BLOCK],
  makefile: [MAKE_TARGET],
  shell: [SHELL_FUNCTION],
  css: [CSS_RULE],
  dockerfile: [/^(?<name>FROM\s+\S.*)$/iu],
};

/** The declaration that a trimmed line begins at some depth; only at depth 0 does any opening block count as one. */
export const declarationIn = (text: string, language: string, depth: number): Declaration | undefined => {
  const line = text.replace(ANNOTATIONS, '');
  const plain = line.replace(MODIFIERS, '');
  if (LISTED_TYPE.test(plain)) {
    return undefined;
  }
  const keyword = named(NAMED, plain) ?? named(NAMED, line) ?? named(LANGUAGE_PATTERNS[language] ?? [], line);
  if (keyword !== undefined) {
    return withName(keyword);
  }
  if (HOOK.test(plain)) {
    return {};
  }
  if (CONTROL.test(plain)) {
    return depth === 0 && BLOCK_END.test(plain) ? {} : undefined;
  }
  const member =
    named([CONSTRUCTOR, METHOD, ARROW_MEMBER, METHOD_ALLMAN], plain) ??
    (plain === line ? undefined : groupName(OPEN_METHOD.exec(plain)));
  if (member !== undefined) {
    return withName(member);
  }
  const binding = depth === 0 ? groupName(BINDING.exec(plain)) : undefined;
  if (binding !== undefined) {
    return withName(binding);
  }
  return depth === 0 && BLOCK_END.test(plain) ? {} : undefined;
};

const KEYS: readonly RegExp[] = [
  /^(?:-\s+)?"(?<name>[^"]{1,80})"\s*:/u,
  /^(?:-\s+)?'(?<name>[^']{1,80})'\s*:/u,
  /^(?:-\s+)?(?<name>[^\s#:'"{}[\],&*!|>%@-][^:#]{0,80}?)\s*:(?:\s|$)/u,
];

/** A key of a configuration file; an item of a list has no name of its own. */
export const keyIn = (text: string): Declaration => withName(named(KEYS, text));

const SECTION = /^\[{1,2}\s*(?<name>[^\]]+?)\s*\]{1,2}/u;

export const sectionIn = (text: string): Declaration | undefined => {
  const name = groupName(SECTION.exec(text));
  return name === undefined ? undefined : withName(name);
};
