import { sql } from './database.ts';
import { type Call, call } from './http.ts';
import { join, type Person, signUp } from './people.ts';
import { symbols } from './unique.ts';

/** A voucher of a test. */
export interface Voucher {
  id: string;
  code: string;
}

/** Columns of a voucher; by default fifty bizcoins for any customer. */
export interface Terms {
  type?: 'message' | 'credit' | 'package' | 'percentage';
  value?: number | null;
  usage_limit?: number | null;
  expires_at?: string;
  [column: string]: unknown;
}

/** Adds a voucher to a client. */
export async function addVoucher(clientId: string, terms: Terms = {}): Promise<Voucher> {
  const code = `V${symbols(4)}-${symbols(5)}-${symbols(5)}`;
  const row = {
    client_id: clientId,
    code,
    type: 'credit',
    value: terms.type === 'package' ? null : 50,
    entitlement_days: terms.type === 'percentage' ? 90 : null,
    starts_at: '2020-01-01T00:00:00Z',
    ...terms,
  };
  const [voucher] = await sql<Voucher[]>`insert into public.vouchers ${sql(row)} returning id, code`;
  return { ...voucher };
}

/** Signs up a customer of a client. */
export async function signUpCustomer(clientId: string): Promise<Person> {
  const person = await signUp();
  await join(person, 'customer', clientId);
  return person;
}

/** Redeems a code as a customer. */
export function redeemVoucher({ token }: Person, code: string, body: Record<string, unknown> = {}, options: Call = {}) {
  return call('redeem-voucher', { code, ...body }, { token, ...options });
}

/** Validates a code as a customer. */
export function validateVoucher(
  { token }: Person,
  code: string,
  body: Record<string, unknown> = {},
  options: Call = {},
) {
  return call('validate-voucher', { code, ...body }, { token, ...options });
}
