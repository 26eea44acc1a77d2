import { configuredSuppliers, openSupplier } from '../_shared/gift_cards/open_supplier.ts';
import type { Supplier } from '../_shared/gift_cards/suppliers/port.ts';
import type { AnswerOf, BodyOf } from '../_shared/http/contract.ts';
import { badRequest, Refusal } from '../_shared/http/errors.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (asked) => {
    const names = configuredSuppliers();
    if (!names.includes(asked.supplier)) {
      throw badRequest({ field: 'supplier', problem: `must be one whose credentials are set: ${names.join(', ')}` });
    }
    const supplier = await openSupplier(asked.supplier, asked.adapter);
    return await look(supplier, asked).catch((cause) => {
      throw new Refusal('GC-005', { supplier: asked.supplier }, undefined, { cause });
    });
  }),
};

async function look(
  supplier: Supplier,
  { show, brandCode, currency }: BodyOf<typeof contract>,
): Promise<AnswerOf<typeof contract>> {
  if (show === 'floats') return { floats: await supplier.floats(currency) };
  return show === 'brands' ? { brands: await supplier.brands(brandCode) } : { stock: await supplier.stock(brandCode) };
}
