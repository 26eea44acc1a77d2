import { currentKeyId } from '../_shared/http/seal.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';
import { type Imported, presentImport } from './present_import.ts';
import { readUpload } from './read_upload.ts';
import { sealCards, type Target } from './seal_cards.ts';

export default {
  fetch: serve(contract, async (body, context, request) => {
    const { actor, requestId, idempotencyKey } = context;
    const { poolId, rows, fileHash, dateFormat } = await readUpload(body, request);
    // Asked before sealing, because a sealed code is bound to its brand.
    const { result: target } = await context.rpc<Target>('get_upload_target', { actor, pool_id: poolId });
    const { cards, refused } = sealCards(rows, target, dateFormat);
    const { result } = await context.rpc<Imported>('import_gift_cards', {
      actor,
      pool_id: poolId,
      cards,
      seal_key_id: currentKeyId(),
      file_hash: fileHash,
      request_id: requestId,
      idempotency_key: idempotencyKey,
    });
    return presentImport(context, result, refused, rows);
  }),
};
