import { importFile } from '../_shared/files/upload.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';
import { type Imported, presentList, presentPreview } from './present_list.ts';
import { readList } from './read_list.ts';

export default {
  fetch: serve(contract, async (body, context, request) => {
    const list = await readList(body, request);
    const { campaignId, recipients, pattern, allowSharedContact, part, hash, fileName: name, table, lines } = list;
    const isDryRun = part.dryRun ?? false;
    const { result } = await context.rpc<Imported>('import_recipient_file', {
      campaign_id: campaignId,
      recipients,
      pattern,
      allow_shared_contact: allowSharedContact,
      file: importFile(part, { hash, name }, table ?? {}, lines),
      dry_run: isDryRun,
      ...requestOf(context, 'import-recipients', { campaignId, hash, pattern, allowSharedContact, chunk: part.chunk }),
    });
    if (isDryRun) return presentPreview(result, list);
    const { rows: _rows, ...counts } = result;
    context.log('[RECIPIENTS] Success', counts);
    return presentList(result, list);
  }),
};
