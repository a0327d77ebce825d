/** The cost table of docs/deploy.md as Markdown. */
import { ASSUMPTIONS, type Counts, monthlyCost, type Shape, type Size, SIZES } from './cost-model.ts';
import { PRICES, PRICES_READ_ON } from './prices.ts';

export const SHAPES: readonly (readonly [name: string, shape: Shape])[] = [
  ['one Region', { regions: 1, embedder: 'static', network: 'service', dimensions: 256 }],
  ['two Regions', { regions: 2, embedder: 'static', network: 'service', dimensions: 256 }],
  ['two Regions, Titan 1024', { regions: 2, embedder: 'bedrock', network: 'service', dimensions: 1024 }],
  ['two Regions, isolated', { regions: 2, embedder: 'static', network: 'isolated', dimensions: 256 }],
];

const DETAILED = SHAPES[1];

export const dollars = (usd: number): string => (usd < 0.01 && usd > 0 ? '< $0.01' : `$${usd.toFixed(2)}`);

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 4 });

const sizeText = (size: Size): string =>
  `${size.name}: ${number(size.documents)} documents in ${number(size.chunks)} chunks, ` +
  `${number(size.changedDocumentsPerDay)} documents change, ${number(size.questionsPerDay)} questions and ` +
  `${number(size.writesPerDay)} writes a day`;

const wordsOf = (name: string): string => name.replaceAll(/[A-Z]/gu, (letter) => ` ${letter.toLowerCase()}`);

const totals = (counts: Counts): readonly string[] => [
  `| a month | ${SIZES.map(({ name }) => name).join(' | ')} |`,
  `| --- | ${SIZES.map(() => '---:').join(' | ')} |`,
  ...SHAPES.map(
    ([name, shape]) =>
      `| ${name} | ${SIZES.map((size) => dollars(monthlyCost(size, shape, counts).usd)).join(' | ')} |`,
  ),
];

const details = (counts: Counts): readonly string[] => {
  const [name = '', shape] = DETAILED ?? [];
  if (shape === undefined) {
    return [];
  }
  const costs = SIZES.map((size) => monthlyCost(size, shape, counts));
  const shares = costs.map(({ unverifiedShare }) => `${Math.round(unverifiedShare * 100)} %`).join(' and ');
  return [
    `Of "${name}", by item (${shares} of the sums rest on prices from memory):`,
    '',
    `| item | ${SIZES.map((size) => size.name).join(' | ')} | price of one | price from |`,
    `| --- | ${SIZES.map(() => '---:').join(' | ')} | --- | --- |`,
    ...(costs[0]?.lines ?? []).map(({ what, price }, at) => {
      const { usd, unit, confidence, source } = PRICES[price];
      const cells = costs.map(({ lines }) => dollars(lines[at]?.usd ?? 0)).join(' | ');
      const from = confidence === 'memory' ? 'memory, **unverified**' : source;
      return `| ${what} | ${cells} | $${number(usd)}: ${unit} | ${from} |`;
    }),
  ];
};

export const costText = (counts: Counts): string =>
  [
    `List prices in US dollars as known on ${PRICES_READ_ON}, without free tiers and discounts. No price was read from AWS's own pages; check them before you decide with them.`,
    '',
    ...SIZES.map((size) => `- ${sizeText(size)}.`),
    '',
    ...totals(counts),
    '',
    ...details(counts),
    '',
    `Taken for granted: ${Object.entries(ASSUMPTIONS)
      .map(([name, value]) => `${wordsOf(name)} ${number(value)}`)
      .join(
        ', ',
      )}. Not in the sums: what the customer has anyway (VPC, certificate, transit gateway, proxy), listings of vectors for proofs, and the router.`,
  ].join('\n');
