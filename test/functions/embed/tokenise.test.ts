/** How identifiers and prose fall apart into words, by table and by property. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compoundsOf, singularOf, tokenise } from '../../../functions/embed/tokenise.ts';

const words = (text: string): readonly string[] => tokenise(text);

describe('tokenise', () => {
  it.for([
    ['restart the broker', 'restart the broker'],
    ['getUserById', 'get user by id getuserbyid'],
    ['PaymentGateway', 'payment gateway paymentgateway'],
    ['HTTPServer', 'http server httpserver'],
    ['parseXMLHttpRequest', 'parse xml http request parsexmlhttprequest'],
    ['dead_letter_queue', 'dead letter queue dead_letter_queue'],
    ['payments-api', 'payments api payments-api'],
    ['us-east-1', 'us east 1 us-east-1'],
    ['orders.getUser', 'orders get user getuser orders.getuser'],
    ['src/index.ts', 'src index ts index.ts'],
    ['__dirname', 'dirname'],
    ['MAX_RETRY_COUNT', 'max retry count max_retry_count'],
  ] as const)('splits %j into %j', ([text, expected]) => {
    expect(words(text).join(' ')).toBe(expected);
  });

  it.for([
    ['s3', 's3'],
    ['EC2', 'ec2'],
    ['k8s', 'k8s'],
    ['i18n', 'i18n'],
    ['p99', 'p99'],
    ['5xx', '5xx'],
    ['s3BucketUploader', 's3 bucket uploader s3bucketuploader'],
    ['k8sClient', 'k8s client k8sclient'],
    ['sha256', 'sha 256 sha256'],
    ['bucket12', 'bucket 12 bucket12'],
    ['1.2.3', '1 2 3 1.2.3'],
    ['a1b2c3d4e5f6', 'a1b2c3d4e5f6'],
  ] as const)('keeps names with digits readable: %j becomes %j', ([text, expected]) => {
    expect(words(text).join(' ')).toBe(expected);
  });

  it.for([
    ['APIs and URLs', 'apis and urls'],
    ["the service's users", 'the service users'],
    ['don’t', 'dont'],
    ['ＨＴＴＰ ﬁle', 'http file'],
    ['Überlastung café naïve', 'überlastung café naïve'],
    ['ИндексПоиска', 'индекс поиска индекспоиска'],
    ['OAuth2', 'auth oauth2'],
    ['end.Next', 'end next end.next'],
    ['🔥 !!! --- …', ''],
    ['', ''],
  ] as const)('reads %j as %j', ([text, expected]) => {
    expect(words(text).join(' ')).toBe(expected);
  });

  it('cuts scripts without spaces into overlapping pairs', () => {
    expect(words('服务器故障')).toEqual(['服务', '务器', '器故', '故障', '服务器故障']);
    expect(words('東京region')).toEqual(['東京', 'region', '東京region']);
  });

  it('finds an identifier by any spelling of its words', () => {
    const spellings = ['retryBudget', 'RetryBudget', 'retry_budget', 'retry-budget', 'RETRY_BUDGET', 'retry budget'];
    for (const spelling of spellings) {
      expect(words(spelling)).toEqual(expect.arrayContaining(['retry', 'budget']));
    }
  });

  it('cuts words that nobody asks for in full', () => {
    expect(words('x'.repeat(10_000))).toEqual(['x'.repeat(64)]);
  });

  it('takes a megabyte of any script within seconds', () => {
    for (const unit of ['a', 'A', '故', 'aB1', '-a', '._', 'é', 'aA', '１']) {
      expect(words(unit.repeat(Math.ceil(200_000 / unit.length))).length).toBeLessThanOrEqual(400_001);
    }
  });
});

describe('tokenise properties', () => {
  const identifierWord = fc.stringMatching(/^[a-z]{2,8}$/u);
  const capitalised = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;

  it('recovers the words of a camelCase name', () => {
    fc.assert(
      fc.property(fc.array(identifierWord, { minLength: 2, maxLength: 5 }), (parts) => {
        const name = parts.map((part, index) => (index === 0 ? part : capitalised(part))).join('');
        expect(words(name)).toEqual([...parts, parts.join('')]);
      }),
      { seed: 11 },
    );
  });

  it('recovers the words of names with separators', () => {
    const separator = fc.constantFrom('_', '-', '.');
    fc.assert(
      fc.property(fc.array(identifierWord, { minLength: 2, maxLength: 5 }), separator, (parts, sign) => {
        expect(words(parts.join(sign))).toEqual([...parts, parts.join(sign)]);
      }),
      { seed: 12 },
    );
  });

  it('gives lower-case, bounded tokens without blanks for any text, and the same ones again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const tokens = words(text);
        expect(words(text)).toEqual(tokens);
        for (const token of tokens) {
          expect(token).toMatch(/^\S{1,64}$/u);
          expect(token.toLowerCase()).toBe(token);
        }
      }),
      { seed: 13 },
    );
  });

  it('reads two texts apart as it reads them together', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), (left, right) => {
        expect(words(`${left} ${right}`)).toEqual([...words(left), ...words(right)]);
      }),
      { seed: 14 },
    );
  });
});

describe('compoundsOf', () => {
  it('keeps the name, its segments and their words', () => {
    expect(compoundsOf('orders-api.getUser')).toEqual([
      {
        whole: 'orders-api.getuser',
        segments: [
          { whole: 'orders', parts: [] },
          { whole: 'api', parts: [] },
          { whole: 'getuser', parts: ['get', 'user'] },
        ],
      },
    ]);
  });
});

describe('singularOf', () => {
  it.for([
    ['queues', 'queue'],
    ['policies', 'policy'],
    ['batches', 'batch'],
    ['caches', 'cache'],
    ['databases', 'database'],
    ['processes', 'process'],
    ['indexes', 'index'],
    ['statuses', 'status'],
    ['replicas', 'replica'],
    ['lambdas', 'lambda'],
  ] as const)('folds %j to %j', ([plural, singular]) => {
    expect(singularOf(plural)).toBe(singular);
  });

  it.for(['status', 'class', 'redis', 'kubernetes', 'dns', 'alias', 'bus', 'queue', '', 's'])(
    'leaves %j alone',
    (word) => {
      expect(singularOf(word)).toBe(word);
    },
  );
});
