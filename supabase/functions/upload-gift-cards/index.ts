import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';
import { readUpload } from './read_upload.ts';
import type { Target } from './seal_cards.ts';
import { preview, store } from './store_cards.ts';

export default {
  fetch: serve(contract, async (body, context, request) => {
    const upload = await readUpload(body, request);
    const { poolId, fileHash, part: { chunk, dryRun } } = upload;
    const asked = requestOf(context, 'upload-gift-cards', { poolId, fileHash, chunk });
    // Asked before sealing, because a sealed code is bound to its brand.
    const { result: target } = await context.rpc<Target>('get_upload_target', { pool_id: poolId, ...asked });
    return dryRun ? await preview(upload, target, asked, context) : await store(upload, target, asked, context);
  }),
};
