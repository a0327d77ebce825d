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
  [/(?:^|\/)(?:tests?|__tests__|__mocks__|spec|specs|e2e|fixtures?|testdata|testing|mocks?)\//iu, 'of tests'],
  [/(?:^|\/)(?:test_[^/]*|[^/]*_test|[^/]*\.(?:test|spec|stories|tftest))\.[a-z.]+$/iu, 'of tests'],
  [/(?:^|\/)[A-Z][A-Za-z0-9]*Tests?\.(?:java|cs|kt|php)$/u, 'of tests'],
  [/(?:^|\/)conftest\.py$/u, 'of tests'],
  [
    /(?:^|\/)(?:node_modules|vendor|third_party|bower_components|\.terraform|\.terragrunt-cache|site-packages|\.venv|venv)\//u,
    'from elsewhere',
  ],
  [/\.(?:bak|old|orig|disabled|off|tmpl\.bak|save)$/iu, 'put aside'],
  [/\.min\.(?:js|css)$/u, 'generated'],
];

export const deadReason = (path: string): string | undefined => REASONS.find(([pattern]) => pattern.test(path))?.[1];
