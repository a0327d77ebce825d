/** What a language's grammar calls the few things that are looked for. */
import type { Grammar } from '../syntax/parsers.ts';

export interface Language {
  readonly name: string;
  readonly grammar: Grammar;
  readonly strings: ReadonlySet<string>;
  /** Declarations of names, with a `name` field. */
  readonly symbols: ReadonlyMap<string, string>;
  readonly imports: ReadonlySet<string>;
  readonly calls: ReadonlySet<string>;
  /** Nodes that give a name a value: options, arguments, assignments. */
  readonly pairs: ReadonlySet<string>;
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(' ').filter((word) => word !== ''));

const symbols = (words: string): ReadonlyMap<string, string> =>
  new Map(
    words
      .split(' ')
      .map((word): [string, string] => [word, word.replace(/_(?:declaration|definition|item|spec|statement)$/u, '')]),
  );

const SCRIPT = {
  strings: set('string template_string'),
  symbols: symbols(
    'function_declaration generator_function_declaration class_declaration abstract_class_declaration method_definition interface_declaration type_alias_declaration enum_declaration',
  ),
  imports: set('import_statement'),
  calls: set('call_expression new_expression'),
  pairs: set(
    'pair variable_declarator assignment_expression public_field_definition field_definition required_parameter assignment_pattern enum_assignment',
  ),
};

const LANGUAGES: readonly (readonly [RegExp, Language])[] = [
  [/\.(?:ts|mts|cts)$/u, { name: 'typescript', grammar: 'typescript', ...SCRIPT }],
  [/\.tsx$/u, { name: 'tsx', grammar: 'tsx', ...SCRIPT }],
  [/\.(?:js|mjs|cjs|jsx)$/u, { name: 'javascript', grammar: 'javascript', ...SCRIPT }],
  [
    /\.py$/u,
    {
      name: 'python',
      grammar: 'python',
      strings: set('string'),
      symbols: symbols('function_definition class_definition'),
      imports: set('import_statement import_from_statement'),
      calls: set('call'),
      pairs: set('keyword_argument pair assignment default_parameter typed_default_parameter'),
    },
  ],
  [
    /\.go$/u,
    {
      name: 'go',
      grammar: 'go',
      strings: set('interpreted_string_literal raw_string_literal'),
      symbols: symbols('function_declaration method_declaration type_spec'),
      imports: set('import_spec'),
      calls: set('call_expression'),
      pairs: set('keyed_element const_spec var_spec short_var_declaration assignment_statement'),
    },
  ],
  [
    /\.java$/u,
    {
      name: 'java',
      grammar: 'java',
      strings: set('string_literal'),
      symbols: symbols(
        'class_declaration interface_declaration method_declaration enum_declaration record_declaration',
      ),
      imports: set('import_declaration'),
      calls: set('method_invocation object_creation_expression annotation'),
      pairs: set('variable_declarator assignment_expression'),
    },
  ],
  [
    /\.rb$/u,
    {
      name: 'ruby',
      grammar: 'ruby',
      strings: set('string'),
      symbols: symbols('method singleton_method class module'),
      imports: set(''),
      calls: set('call'),
      pairs: set('pair assignment'),
    },
  ],
  [
    /\.cs$/u,
    {
      name: 'c-sharp',
      grammar: 'c-sharp',
      strings: set('string_literal verbatim_string_literal interpolated_string_expression raw_string_literal'),
      symbols: symbols(
        'class_declaration interface_declaration method_declaration record_declaration struct_declaration enum_declaration',
      ),
      imports: set('using_directive'),
      calls: set('invocation_expression object_creation_expression implicit_object_creation_expression'),
      pairs: set('assignment_expression variable_declarator argument'),
    },
  ],
  [
    /\.rs$/u,
    {
      name: 'rust',
      grammar: 'rust',
      strings: set('string_literal raw_string_literal'),
      symbols: symbols('function_item struct_item enum_item trait_item impl_item mod_item'),
      imports: set('use_declaration'),
      calls: set('call_expression'),
      pairs: set('let_declaration const_item static_item field_initializer'),
    },
  ],
  [
    /\.php$/u,
    {
      name: 'php',
      grammar: 'php',
      strings: set('string encapsed_string'),
      symbols: symbols(
        'function_definition class_declaration method_declaration interface_declaration trait_declaration',
      ),
      imports: set('namespace_use_declaration'),
      calls: set('function_call_expression member_call_expression scoped_call_expression object_creation_expression'),
      pairs: set('array_element_initializer assignment_expression const_element'),
    },
  ],
  [
    /\.(?:sh|bash|zsh)$/u,
    {
      name: 'bash',
      grammar: 'bash',
      strings: set('string raw_string word'),
      symbols: symbols('function_definition'),
      imports: set(''),
      calls: set('command'),
      pairs: set('variable_assignment'),
    },
  ],
  [
    /\.(?:ps1|psm1)$/iu,
    {
      name: 'powershell',
      grammar: 'powershell',
      strings: set('string_literal expandable_string_literal verbatim_string_characters'),
      symbols: symbols('function_statement class_statement'),
      imports: set(''),
      calls: set('command'),
      pairs: set('assignment_expression hash_entry'),
    },
  ],
];

export const languageOfPath = (path: string): Language | undefined =>
  LANGUAGES.find(([pattern]) => pattern.test(path))?.[1];
