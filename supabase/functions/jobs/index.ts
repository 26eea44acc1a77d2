import { serve } from '../_shared/http/serve.ts';
import { inBackground } from '../_shared/jobs/background.ts';
import { contract } from './contract.ts';
import { round } from './round.ts';

export default {
  fetch: serve(contract, ({ job, deliveryId }, context) => {
    inBackground(round(context, job, deliveryId));
    return { job };
  }),
};
