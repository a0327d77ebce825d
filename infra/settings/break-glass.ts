/**
 * Who may read by an identity of AWS, past keys and tokens: roles and users, by ARN. Off where nobody is named. The proof is checked by
 * the STS of this Region, which an isolated network reaches only through an endpoint that was there before.
 */
import { z } from 'zod';

import { principalNamed } from '../../functions/domain/caller-proof.ts';
import { partitionOf } from '../names.ts';
import type { IdentitySettings } from './identity.ts';
import type { NetworkSettings } from './network.ts';
import { json } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

const PRINCIPALS_MAX = 20;

const principals = z
  .array(
    z
      .string()
      .refine((arn) => arn.includes(':iam:') && principalNamed(arn) !== undefined, 'not the ARN of a role or a user'),
  )
  .max(PRINCIPALS_MAX);

const KEY = 'twinmap:breakGlassPrincipals';

export const readBreakGlass = (
  reader: SettingReader,
  identity: IdentitySettings | undefined,
  network: NetworkSettings | undefined,
): readonly string[] | undefined => {
  const arns = reader.withDefault(
    {
      key: 'twinmap:breakGlassPrincipals',
      meaning: 'which roles and users of AWS may read without a key, with a reason',
      mend: `--path '${KEY}[0]' <ARN of a role>`,
      parse: json(principals, 'a list of ARNs'),
    },
    [],
  );
  const partition = identity === undefined ? undefined : partitionOf(identity.region);
  for (const [index, arn] of (arns ?? []).entries()) {
    if (partition !== undefined && arn.split(':')[1] !== partition) {
      const why = `is of another partition than ${partition}, where no credential of it is valid`;
      reader.problem(`${KEY}[${index}]`, why, `--path '${KEY}[${index}]' <ARN of a role>`);
    }
  }
  const isClosed = network?.kind === 'isolated' && !network.isolation.endpointsInPlace.includes('sts');
  if (isClosed && arns !== undefined && arns.length > 0) {
    const why = 'is set, but functions of this isolated network reach no STS: it needs an endpoint of yours';
    reader.problem(KEY, why, "--path 'twinmap:endpointsInPlace[0]' sts");
  }
  return arns;
};
