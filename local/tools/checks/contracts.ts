/** The contracts of all edge functions, by their names. */
import type { Contract } from '../../../supabase/functions/_shared/http/contract.ts';

const folder = new URL('../../../supabase/functions/', import.meta.url);

/** Reads them from the folders of the functions. */
export async function loadContracts(): Promise<Map<string, Contract>> {
  const names = Array.from(Deno.readDirSync(folder)).filter(({ name, isDirectory }) =>
    isDirectory && name !== '_shared'
  )
    .map(({ name }) => name).sort();
  const modules = await Promise.all(names.map((name) => import(new URL(`${name}/contract.ts`, folder).href)));
  return new Map(modules.map(({ contract }, index) => [names[index], contract]));
}
