import { currentKeyId } from '../_shared/http/seal.ts';
import { serve } from '../_shared/http/serve.ts';
import { type Imported, presentImport } from './present_import.ts';
import { readUpload } from './read_upload.ts';
import { sealCards, type Target } from './seal_cards.ts';

const secrets = ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'];

/** Stocks a pool with up to 10,000 cards from a CSV file or JSON, and answers with what became of each row. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'UPLOAD', family: 'GC', secrets }, async (request, context) => {
    const { actor, requestId, idempotencyKey } = context;
    const { poolId, rows, fileHash, dateFormat } = await readUpload(request);
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
