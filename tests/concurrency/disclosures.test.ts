import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';
import { type Session, untilBlocked, withSessions } from '../support/sessions.ts';

Deno.test('watch_address: three recipients to one address at the same moment → one alert', async () => {
  const { clientId, campaignId, recipients } = await promise({ cards: 3, recipients: 3 });
  const provision = (session: Session, n: number) =>
    session`
      select public.provision_gift_card(${campaignId}, ${recipients[n].id}, null, null, 1, 'sms', '+12025550198',
        row(gen_random_uuid(), null, null, null, null)::public.request) ->> 'outcome' as outcome`;
  await withSessions(3, async (sessions) => {
    for (const session of sessions) await session`begin`;
    const [first, second, third] = sessions;
    assert.equal((await provision(first, 0))[0].outcome, 'ok');
    const [later] = await untilBlocked(second, () => provision(second, 1));
    await first`commit`;
    assert.equal((await later)[0].outcome, 'ok');
    const [last] = await untilBlocked(third, () => provision(third, 2));
    await second`commit`;
    assert.equal((await last)[0].outcome, 'ok');
    await third`commit`;
  });
  const alerts = await sql`
    select metadata ->> 'recipients' as recipients from public.system_alerts
    where alert_type = 'cards_to_one_address' and client_id = ${clientId}`;
  assert.deepEqual([...alerts], [{ recipients: '3' }]);
});
