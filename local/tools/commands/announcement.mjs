/** The text that `npm start` prints when everything runs. */

const campaign = '00000000-0000-4000-8000-000000000201'; // the demo campaign of supabase/seed.sql
const recipient = '00000000-0000-4000-8000-000000000401';

/** URLs, keys, and a call that provisions a card. */
export function announcement(facts, seconds) {
  return `
Rewardbase is ready (${seconds.toFixed(1)} s).

  API              ${facts.apiUrl}
  API description  ${facts.apiUrl}/docs
  Studio           ${facts.studioUrl}
  Sandbox          ${facts.sandboxUrl ?? '(none)'}   SMS and e-mails that were sent
  Database         ${facts.dbUrl}
  Publishable key  ${facts.publishableKey}
  Secret key       ${facts.secretKey}

Provision a gift card:

  curl -s ${facts.apiUrl}/functions/v1/provision-gift-card-unified \\
    -H 'apikey: ${facts.secretKey}' -H 'content-type: application/json' \\
    -d '{"campaignId":"${campaign}","recipientId":"${recipient}","conditionNumber":1}'

Ctrl-C or npm start -- stop stops it; the data stays. To delete the data: npm run reset
`;
}
