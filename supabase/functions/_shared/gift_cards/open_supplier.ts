import { missing, secret } from '../http/secrets.ts';
import type { Account, Supplier } from './suppliers/port.ts';

/** The adapters, each loaded on first use. */
const ADAPTERS: Record<string, (account: Account) => Promise<Supplier>> = {
  tillo: async (account) => (await import('./suppliers/tillo/tillo.ts')).tillo(account),
};

/** The names of the adapters. */
export const adapterNames = Object.keys(ADAPTERS);

const CREDENTIALS = ['API_KEY', 'SECRET_KEY', 'BASE_URL'];

/** The names of the suppliers whose credentials are set: TILLO_API_KEY, …_SECRET_KEY and …_BASE_URL make `tillo`. */
export function configuredSuppliers(): string[] {
  const prefixes = Object.keys(Deno.env.toObject()).flatMap((name) => /^([A-Z]\w*)_API_KEY$/.exec(name)?.[1] ?? []);
  return prefixes
    .filter((prefix) => CREDENTIALS.every((part) => Deno.env.get(`${prefix}_${part}`)))
    .map((prefix) => prefix.toLowerCase())
    .sort();
}

/** The supplier of that name with the given adapter; throws a refusal that names a missing secret. */
export async function openSupplier(name: string, adapter: string): Promise<Supplier> {
  const prefix = name.toUpperCase();
  const open = Object.hasOwn(ADAPTERS, adapter) ? ADAPTERS[adapter] : undefined;
  if (!open) throw missing(`an adapter called ${adapter}`);
  const [apiKey, secretKey, baseUrl] = CREDENTIALS.map((part) => secret(`${prefix}_${part}`));
  return await open({ apiKey, secretKey, baseUrl, sector: Deno.env.get(`${prefix}_SECTOR`) });
}
