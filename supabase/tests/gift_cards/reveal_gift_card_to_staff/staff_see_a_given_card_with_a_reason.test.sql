-- Agents and admins may reveal a provisioned card of their client: with a reason, within a daily quota, audited.
begin;
set local search_path = public, extensions, tests;
select plan(20);

select tests.keep(tests.create_delivery());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('foreign', tests.create_user('client_admin', tests.create_client()));
select tests.keep('request', gen_random_uuid());

create function pg_temp.look(actor uuid, reason text default 'The recipient lost the message', card uuid default tests.the('card'))
returns jsonb language sql as $$
  select tests.reveal_to_staff(card, reason, tests.request(actor, id => tests.the('request')))
$$;
create function pg_temp.audited() returns bigint language sql as $$
  select count(*) from public.audit_events where subject_id = tests.the('card') and action = 'gift_card.revealed_to_staff'
$$;

update public.gift_cards set exposed_at = null where id = tests.the('card');
select is(pg_temp.look(tests.the('agent')) ->> 'outcome', 'ok', 'reveal_gift_card_to_staff: an agent → the card');
select is(pg_temp.look(tests.the('agent')) #>> '{sealed,giftCardId}', tests.the('card')::text, '… the code, to be opened by the function');
select results_eq(format($$ select actor_id, reason, request_id from public.audit_events
  where subject_id = %L and action = 'gift_card.revealed_to_staff' limit 1 $$, tests.the('card')),
  $$ values (tests.the('agent'), 'The recipient lost the message', tests.the('request')) $$, '… audited with actor, reason and request');
select isnt((select exposed_at from public.gift_cards where id = tests.the('card')), null, 'reveal_gift_card_to_staff: → the card is disclosed');
select is((select status from public.gift_cards where id = tests.the('card')), 'claimed', '… the card is not delivered by that');

select is(pg_temp.look(tests.the('agent'), r.reason) ->> 'code', 'GC-012', 'reveal_gift_card_to_staff: a reason like ' || coalesce(quote_literal(r.reason), 'none'))
from (values (null), (''), ('  '), (' x ')) r (reason);
select is(pg_temp.look(tests.the('foreign')), pg_temp.look(tests.the('foreign'), card => gen_random_uuid()),
  'reveal_gift_card_to_staff: a card of another tenant → the error of an unknown one');
select is(pg_temp.look(tests.the('foreign')) ->> 'code', 'RB-404', 'reveal_gift_card_to_staff: another tenant''s user → RB-404');
select is(pg_temp.look(null) ->> 'code', 'RB-403', 'reveal_gift_card_to_staff: a server → RB-403, since it has no reason');
select tests.add_cards(tests.the('pool'), 1);
update public.gift_cards set client_id = tests.the('client') where pool_id = tests.the('pool') and status = 'available';
select is(pg_temp.look(tests.the('agent'), card => (
  select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available')) ->> 'code', 'RB-400',
  'reveal_gift_card_to_staff: a card in stock → RB-400');
select is(pg_temp.audited(), 2::bigint, 'reveal_gift_card_to_staff: a refusal is not audited as revealed');

-- the quota
select is((select count(*) from generate_series(1, 25) n where pg_temp.look(tests.the('agent')) ->> 'outcome' = 'ok'), 18::bigint,
  'reveal_gift_card_to_staff: twenty reveals, refusals not counted → the quota of the day is used up');
select is(pg_temp.look(tests.the('agent')) ->> 'code', 'RB-429', 'reveal_gift_card_to_staff: the twenty-first reveal → RB-429');
select is(pg_temp.audited(), 20::bigint, 'reveal_gift_card_to_staff: every reveal has its audit row');
select isnt_empty($$ select from public.system_alerts where subject like 'staff-disclosure:%' and resolved_at is null $$,
  'reveal_gift_card_to_staff: quota spent → alert');
select is(pg_temp.look(tests.create_user('client_admin', tests.the('client'))) ->> 'outcome', 'ok',
  'reveal_gift_card_to_staff: another member of staff → a quota of their own');
update private.attempt_limits set attempts_max = 21 where surface = 'staff-disclosure';
select is(pg_temp.look(tests.the('agent')) ->> 'outcome', 'ok', 'reveal_gift_card_to_staff: the quota is a setting');

select * from finish();
rollback;
