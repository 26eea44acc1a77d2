import { badSignature } from '../../errors.ts';
import { readBytes } from '../../parse.ts';
import { functionsUrl } from '../../public_url.ts';
import { secretsOf } from '../../secrets.ts';
import { isSignedByTwilio } from './signature.ts';

const MAX_BYTES = 64 * 1024;

/** The form fields of a webhook that Twilio has signed for this function's public address; refuses any other. */
export async function readTwilioWebhook(request: Request, functionName: string): Promise<Record<string, string>> {
  const { search } = new URL(request.url);
  const form = new URLSearchParams(new TextDecoder().decode(await readBytes(request, MAX_BYTES)));
  const fields = Object.fromEntries(form);
  const signature = request.headers.get('x-twilio-signature');
  const url = functionsUrl(functionName + search);
  if (!secretsOf('TWILIO_AUTH_TOKEN').some((token) => isSignedByTwilio(token, url, signature, fields))) {
    throw badSignature('Not signed by Twilio');
  }
  return fields;
}
