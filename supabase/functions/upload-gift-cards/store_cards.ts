import { importFile } from '../_shared/files/upload.ts';
import type { requestOf } from '../_shared/http/parse.ts';
import { currentKeyId } from '../_shared/http/seal.ts';
import type { Context } from '../_shared/http/serve.ts';
import { comparedCards, type Imported, presentImport, presentPreview } from './present_import.ts';
import type { Upload } from './read_upload.ts';
import { checkCards, type RowResult, sealCards, type Target } from './seal_cards.ts';

type Asked = ReturnType<typeof requestOf>;

/** Seals the cards that pass the checks, and stocks the pool with them. */
export async function store(upload: Upload, target: Target, asked: Asked, context: Context) {
  const { poolId, rows, part, fileHash: hash, fileName: name, table, dateFormat } = upload;
  const { cards, refused } = sealCards(rows, target, dateFormat);
  const { result } = await context.rpc<Imported>('import_gift_cards', {
    pool_id: poolId,
    cards,
    seal_key_id: currentKeyId(),
    file: { ...importFile(part, { hash, name }, table ?? {}, rows), refused },
    ...asked,
  });
  const answer = presentImport(result, refused, upload);
  const { rows: _rows, ...counts } = answer;
  context.log('[UPLOAD] Success', counts);
  return answer;
}

/** A dry run: nothing is sealed, and the entry point only reads. */
export async function preview(upload: Upload, target: Target, asked: Asked, context: Context) {
  const { cards, refused } = checkCards(upload.rows, target, upload.dateFormat);
  const { result } = await context.rpc<{ rows: RowResult[] }>('preview_gift_cards', {
    pool_id: upload.poolId,
    cards: comparedCards(cards),
    ...asked,
  });
  return presentPreview(upload, result.rows, refused);
}
