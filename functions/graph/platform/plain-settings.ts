/** Settings as `key=value` lines: `.env`, `.properties`, TOML, INI; and HCL that is not Terraform's (Terragrunt, Packer). */
import type { Context, RepositoryFile } from '../repository/context.ts';
import { give, place } from '../repository/context.ts';
import { emitLiterals, emitUnresolved, isRegionKey, regionOfSetting } from '../repository/emit-literals.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { USE_RULES } from '../region/rules.ts';
import { emitHosts } from './hosts.ts';

export const isPlainSettings = (path: string): boolean =>
  /(?:^|\/)\.env(?:\.[\w-]+)?$|\.(?:env|properties|toml|ini|cfg|conf|hcl|tfbackend)$/u.test(path) &&
  !/(?:^|\/)(?:\.env\.(?:example|sample|template)|Cargo\.toml|pyproject\.toml|\.terraform\.lock\.hcl|samconfig\.toml)$/u.test(
    path,
  );

const SETTING = /^(?:export\s+)?"?(?<key>[\w.-]+)"?\s*[=:]\s*(?<value>.*)$/u;
const SECTION = /^(?<name>[\w.-]+)[\s="]*(?:[\w.-]+"\s*)?\{$/u;
/** A setting is short; a pattern that looks for one in a longer line would take its time. */
const LINE_CHARS_MAX = 4000;
const COMMENT = /^\s*(?:#|;|\/\/|!|\*|\/\*)/u;

/** `terraform init -backend-config=…`, and what images are built with. */
const isOfDeployments = (path: string, text: string): boolean =>
  /\.(?:tfbackend|pkr\.hcl|pkrvars\.hcl)$/u.test(path) ||
  (/(?:^|\/)[^/]*backend[^/]*(?:\/[^/]+)?$/iu.test(path) && /^\s*bucket\s*=/mu.test(text));

/** What takes its value from elsewhere; in HCL that is everything without a literal. */
const isOpen = (path: string, value: string): boolean =>
  value.includes('${') || (path.endsWith('.hcl') && value !== '');

const settingIn = (content: string): { readonly key: string; readonly plain: string } => {
  const { key = '', value = '' } = SETTING.exec(content.trim())?.groups ?? {};
  return { key, plain: value.replace(/,$/u, '').replaceAll(/^["']|["']$/gu, '') };
};

export const emitPlainSettings = (context: Context, { path, text }: RepositoryFile): void => {
  const component = context.owners.of(path);
  const facts = context.facts(path);
  const isDeploy = isOfDeployments(path, text);
  const isDecided = context.decided.has(path);
  let section = '';
  text.split('\n').forEach((raw, index) => {
    const line = index + 1;
    const content = COMMENT.test(raw) || raw.length > LINE_CHARS_MAX ? '' : raw.replace(/\s(?:#|\/\/).*$/u, '');
    section = SECTION.exec(content.trimEnd())?.groups?.['name'] ?? section;
    const { key, plain } = settingIn(content);
    const region = isDecided ? undefined : regionOfSetting(key, plain);
    const isState = isDeploy || (/backend|remote_state/u.test(section) && path.endsWith('.hcl'));
    if (region !== undefined) {
      facts.tie({
        from: component,
        region,
        tie: isState ? 'deploy' : 'runtime',
        level: 'literal',
        at: [{ line }],
        ...(isState ? { rule: USE_RULES.deploy.id } : {}),
      });
      if (!isState) {
        place(context, component, region);
        give(context, component, key);
      }
    } else if (isRegionKey(key) && !isDeploy && !isDecided && isOpen(path, plain)) {
      emitUnresolved(context, facts, component, { expression: cutExpression(content.trim()), value: plain, line });
    }
    emitLiterals(context, facts, content, line, { component });
    emitHosts(facts, component, content, line);
  });
};
