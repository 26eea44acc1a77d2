import { z } from 'zod';
import { badRequest, Refusal } from '../_shared/http/errors.ts';
import { readJson } from '../_shared/http/parse.ts';
import { type Reply, serve } from '../_shared/http/serve.ts';
import { adapterNames, configuredSuppliers, openSupplier } from '../_shared/gift_cards/open_supplier.ts';
import type { Supplier } from '../_shared/gift_cards/suppliers/port.ts';

const word = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be a word in small letters');

const body = z.strictObject({
  supplier: word,
  adapter: z.enum(adapterNames, `must be one of ${adapterNames.join(', ')}`).default('tillo'),
  show: z.enum(['floats', 'brands', 'stock'], 'must be "floats", "brands" or "stock"'),
  brandCode: z.string().regex(/^[a-z0-9-]{1,100}$/, "must be the supplier's name of a brand").optional(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as USD').optional(),
});

/** Shows a trusted server what a supplier says of our money there, of its brands and of its stock. */
export default {
  fetch: serve({ auth: 'secret', tag: 'SUPPLIERS', family: 'GC' }, async (request) => {
    const asked = await readJson(request, body);
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

async function look(supplier: Supplier, { show, brandCode, currency }: z.output<typeof body>): Promise<Reply> {
  if (show === 'floats') return { floats: await supplier.floats(currency) };
  return show === 'brands' ? { brands: await supplier.brands(brandCode) } : { stock: await supplier.stock(brandCode) };
}
