/** Settings as `key=value` lines: `.env`, `.properties`, TOML, INI; and HCL that is not Terraform's (Terragrunt, Packer). */
import type { Context, RepositoryFile } from '../repository/context.ts';
import { place } from '../repository/context.ts';
import { emitLiterals, isRegionKey, regionOfSetting } from '../repository/emit-literals.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { USE_RULES } from '../region/rules.ts';
import { emitHosts } from './hosts.ts';

export const isPlainSettings = (path: string): boolean =>
  /(?:^|\/)\.env(?:\.[\w-]+)?$|\.(?:env|properties|toml|ini|cfg|conf|hcl)$/u.test(path) &&
  !/(?:^|\/)(?:\.env\.(?:example|sample|template)|Cargo\.toml|pyproject\.toml|\.terraform\.lock\.hcl|samconfig\.toml)$/u.test(
    path,
  );

const SETTING = /^(?:export\s+)?"?(?<key>[\w.-]+)"?\s*[=:]\s*(?<value>.*)$/u;
const SECTION = /^(?<name>[\w.-]+)[\s="]*(?:[\w.-]+"\s*)?\{$/u;
/** A setting is short; a pattern that looks for one in a longer line would take its time. */
const LINE_CHARS_MAX = 4000;
const COMMENT = /^\s*(?:#|;|\/\/|!|\*|\/\*)/u;

export const emitPlainSettings = (context: Context, { path, text }: RepositoryFile): void => {
  const component = context.owners.of(path);
  const facts = context.facts(path);
  let section = '';
  text.split('\n').forEach((raw, index) => {
    const line = index + 1;
    const content = COMMENT.test(raw) || raw.length > LINE_CHARS_MAX ? '' : raw.replace(/\s(?:#|\/\/).*$/u, '');
    section = SECTION.exec(content.trimEnd())?.groups?.['name'] ?? section;
    const { key = '', value = '' } = SETTING.exec(content.trim())?.groups ?? {};
    const plain = value.replace(/,$/u, '').replaceAll(/^["']|["']$/gu, '');
    const region = regionOfSetting(key, plain);
    const isState = /backend|remote_state/u.test(section) && path.endsWith('.hcl');
    if (region !== undefined) {
      facts.tie({
        from: component,
        region,
        tie: isState ? 'deploy' : 'runtime',
        level: 'literal',
        at: [{ line }],
        ...(isState ? { rule: USE_RULES.deploy.id } : {}),
      });
      place(context, component, isState ? undefined : region);
    } else if (path.endsWith('.hcl') && isRegionKey(key) && plain !== '') {
      facts.tie({
        from: component,
        region: undefined,
        tie: 'runtime',
        level: 'literal',
        at: [{ line }],
        expression: cutExpression(content),
      });
    }
    emitLiterals(context, facts, content, line, { component });
    emitHosts(facts, component, content, line);
  });
};
