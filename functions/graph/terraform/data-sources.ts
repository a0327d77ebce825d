/** Data sources: what a root looks up by name belongs to somebody else, and is used all the same. */
import { dataNameOf, terraformType } from '../region/services.ts';
import { isCertificate, USE_RULES } from '../region/rules.ts';
import type { Context } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';
import { evaluate } from './evaluate.ts';
import { scopesOf } from './instances.ts';
import { providerOf } from './providers.ts';
import { expressionsOf, textsOf } from './references.ts';
import { environmentName } from './resources.ts';
import type { Scope } from './scope.ts';
import { attributeOf } from './syntax.ts';
import { isUnknown, textOf } from './value.ts';

export const emitData = (context: Context, module: Scope): void => {
  for (const { path, is } of module.module.data.values()) {
    const facts = context.facts(path);
    const type = is.labels[0] ?? '';
    const component = context.owners.of(module.root === '' ? path : `${module.root}/main.tf`);
    const environment = environmentName(module.environment);
    for (const scope of scopesOf(is, module)) {
      const known = terraformType(type);
      const attribute = attributeOf(is, dataNameOf(type) ?? '');
      if (known !== undefined || isCertificate(type)) {
        const { region } = providerOf(is, scope, (expression) => evaluate(expression, scope));
        const name = attribute === undefined ? undefined : textOf(evaluate(attribute.value, scope));
        const kind = isCertificate(type)
          ? { tie: 'control-plane' as const, rule: USE_RULES.certificate.id }
          : { tie: 'runtime' as const };
        facts.uses(component, known?.service ?? 'acm', name, known?.service === 's3' ? undefined : textOf(region), {
          ...kind,
          level: 'declared',
          at: [{ path, line: is.line }, ...region.at],
          environment,
          ...(isUnknown(region) ? { expression: region.expression } : {}),
        });
      }
      for (const expression of type === 'terraform_remote_state' ? [] : expressionsOf(is)) {
        for (const { text, line } of textsOf(expression, scope)) {
          emitLiterals(context, facts, text, line, { component, environment });
        }
      }
    }
  }
};
