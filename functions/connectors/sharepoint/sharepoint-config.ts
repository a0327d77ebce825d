/** How a SharePoint source is configured. Pure. */
import { z } from 'zod';

import { secretReferenceSchema } from '../secrets.ts';

export const sharePointConfigSchema = z.strictObject({
  tenantId: z.string().regex(/^[\w.-]{1,100}$/u),
  clientId: z.string().regex(/^[\w.-]{1,100}$/u),
  clientSecret: secretReferenceSchema,
  /** `contoso.sharepoint.com:/sites/engineering` */
  sites: z
    .array(z.string().regex(/^[\w.-]+(?::\/(?:sites|teams)\/[^/?#%:]{1,200})?$/u))
    .min(1)
    .max(50),
  files: z.boolean().default(true),
  pages: z.boolean().default(true),
  /** National clouds have their own. */
  graphUrl: z.url().default('https://graph.microsoft.com'),
  loginUrl: z.url().default('https://login.microsoftonline.com'),
});

export type SharePointConfig = z.infer<typeof sharePointConfigSchema>;
