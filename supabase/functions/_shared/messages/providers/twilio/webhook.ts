import { badSignature } from '../../../http/errors.ts';
import { functionsUrl } from '../../../http/public_url.ts';
import { secretsOf } from '../../../http/secrets.ts';
import { isSignedByTwilio } from './signature.ts';

/** The form fields of a webhook: of one that comes twice the last value, and in `all` each of them. */
export interface TwilioFields {
  fields: Record<string, string>;
  all: Record<string, string[]>;
}

/** Reads a webhook that Twilio has signed for this function's public address; refuses any other. */
export function readTwilioWebhook(body: Uint8Array, request: Request, functionName: string): TwilioFields {
  const { search } = new URL(request.url);
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const fields = Object.fromEntries(form);
  const all = Object.fromEntries(Object.keys(fields).map((name) => [name, form.getAll(name)]));
  const signed = Object.fromEntries(
    Object.entries(all).map(([name, values]) => [name, values[1] ? values : values[0]]),
  );
  const signature = request.headers.get('x-twilio-signature');
  const url = functionsUrl(functionName + search);
  if (!secretsOf('TWILIO_AUTH_TOKEN').some((token) => isSignedByTwilio(token, url, signature, signed))) {
    throw badSignature('Not signed by Twilio');
  }
  return { fields, all };
}
