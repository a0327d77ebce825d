/**
 * Which files count for nothing in an incident, by their path: what was put aside, shown as an example, used by tests only, or
 * brought along from elsewhere. They are listed with the reason, and make no edges. `docs/graph.md` gives the list.
 */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|\/)(?:_?archived?|attic|deprecated|graveyard|obsolete|retired|decommissioned|_?old|unused|dead|disabled)\//iu,
    'put aside',
  ],
  [/(?:^|\/)(?:examples?|samples?|demos?|tutorials?)\//iu, 'an example'],
  [
    /(?:^|\/)(?:[^/]+[.-])?(?:example|sample)(?:\.(?:ya?ml|json|toml|ini|conf|cfg|env|properties|tfvars|hcl))?$|\.(?:ya?ml|json|toml|ini|env|properties)\.dist$/iu,
    'an example',
  ],
  // Code in the documentation shows; what documents say is read elsewhere.
  [/^docs\/(?:.*\/)?[^/]+\.(?:[cm]?[jt]sx?|py|go|java|rb|cs|rs|php|sh)$/u, 'an example'],
  [/(?:^|\/)(?:i18n|locales?|translations|l10n)\//iu, 'texts only'],
  [
    /(?:^|\/)(?:tests?|__tests__|__mocks__|spec|specs|e2e|fixtures?|testdata|testing|test[-_]?(?:utils?|helpers?)|bench(?:es|marks?)?|mocks?|cypress|(?:integration|functional|unit|acceptance|system)-?_?tests?|test-?fixtures)\//iu,
    'of tests',
  ],
  [/(?:^|\/)(?:test_[^/]*|[^/]*_test|[^/]*\.(?:test|spec|stories|tftest))\.[a-z.]+$/iu, 'of tests'],
  [/(?:^|\/)[A-Z][A-Za-z0-9]*Tests?\.(?:java|cs|kt|php)$/u, 'of tests'],
  [/(?:^|\/)[\w.]+\.(?:Unit|Integration)?Tests?\//u, 'of tests'],
  [/(?:^|\/)conftest\.py$/u, 'of tests'],
  [
    /(?:^|\/)(?:node_modules|vendor|third_party|bower_components|\.terraform|\.terragrunt-cache|site-packages|\.venv|venv)\//u,
    'from elsewhere',
  ],
  [/\.(?:bak|old|orig|disabled|off|tmpl\.bak|save)$/iu, 'put aside'],
  [/\.min\.(?:js|css)$|\.(?:bundle|chunk)\.[cm]?js$/u, 'generated'],
  [/(?:^|\/)(?:dist|\.next|\.nuxt|\.aws-sam|__generated__|coverage)\//u, 'generated'],
  [
    /(?:^|\/)appsettings\.(?:Development|Local|Tests?)\.json$|(?:^|\/)(?:application|bootstrap)-(?:local|tests?)\.(?:ya?ml|properties)$|(?:^|\/)\.env\.(?:local|development(?:\.local)?|tests?(?:\.local)?)$|(?:^|\/)launchSettings\.json$/iu,
    'of one machine only',
  ],
  [
    /(?:^|\/)(?:docker-)?compose[.-](?:override|local|dev|development|tests?|ci|e2e)\.ya?ml$|(?:^|\/)\.devcontainer\/|(?:^|\/)[\w.-]*localstack[\w.-]*(?:\/|\.[a-z]+$)/iu,
    'of one machine only',
  ],
];

/** Below here folders are parts of a package's name: `com/example/demo` is nobody's example. */
const PACKAGES = /(?:^|\/)src\/main\/(?:java|kotlin|scala|groovy)\/(?:[\w.]+\/)*(?=[^/]+$)/u;

export const deadReason = (path: string): string | undefined => {
  const plain = path.replace(PACKAGES, (packages) => packages.slice(0, packages.indexOf('src/main/')));
  return REASONS.find(([pattern]) => pattern.test(plain))?.[1];
};
