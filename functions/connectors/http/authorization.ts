/** Who asks, in the forms that services take. The secret is read when it is needed, and only the header is made of it. */
import type { SecretSource } from '../secrets.ts';
import type { Authorize } from './http-client.ts';

/** One header, with `[secret]` where the secret goes. */
export const headerAuthorization =
  (secrets: SecretSource, reference: string, header: string, form = '[secret]'): Authorize =>
  async (signal) => {
    const secret = await secrets.read(reference, signal);
    return { [header]: form.replace('[secret]', () => secret.reveal()) };
  };

export const basicAuthorization =
  (secrets: SecretSource, user: string, reference: string): Authorize =>
  async (signal) => {
    const secret = await secrets.read(reference, signal);
    return { authorization: `Basic ${Buffer.from(`${user}:${secret.reveal()}`).toString('base64')}` };
  };
