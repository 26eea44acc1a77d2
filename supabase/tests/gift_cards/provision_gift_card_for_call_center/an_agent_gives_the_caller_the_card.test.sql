begin;
set local search_path = public, extensions, tests;
select plan(18);

select tests.keep(tests.create_promise(9));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
update public.recipient_codes set redemption_token = 'ABCD-2345-VWXY' where recipient_id = tests.the('recipient');
update public.campaign_recipients set phone = '+12025550123' where id = tests.the('recipient');
select tests.keep('session', (tests.start_call_session(tests.the('agent'), '+12025550777')
  #>> '{result,callSessionId}')::uuid);
select is((select client_id from public.call_sessions where id = tests.the('session')), null,
  'provision_gift_card_for_call_center: a call from an unknown phone');

select tests.keep('answer', tests.provision_for_caller(tests.the('agent'), ' abcd 2345vwxy',
  call_session_id => tests.the('session'), deliver_to => null));
select is(tests.kept('answer') ->> 'outcome', 'ok', 'provision_gift_card_for_call_center: the code is accepted in any case and spacing');
select is(tests.kept('answer') #> '{result,giftCard,codeLast4}', to_jsonb((select code_last4 from public.gift_cards
  where recipient_id = tests.the('recipient'))), 'provision_gift_card_for_call_center: the agent sees the last four characters');
select is(tests.kept('answer') -> 'sealed', 'null', 'provision_gift_card_for_call_center: the agent gets no sealed code');
select ok(not tests.kept('answer')::text ~ 'code"|pin"', '… nowhere in the answer');
select row_eq('select status, exposed_at, delivery_method from public.gift_cards
  where recipient_id = tests.the(''recipient'')', row('claimed'::text, null::timestamptz, 'sms'::text),
  'provision_gift_card_for_call_center: the card is claimed and undisclosed');
select is((select deliver_to from public.deliveries where recipient_id = tests.the('recipient')), '+12025550123',
  'provision_gift_card_for_call_center: no contact → the recipient''s own is used');
select row_eq($$
  select m.id, m.client_id, m.call_session_id, m.campaign_id, m.condition_number, m.met_by_agent_id, c.recipient_id
  from public.call_conditions_met m join public.gift_cards c on c.id = m.gift_card_id
    where m.recipient_id = tests.the('recipient') $$,
  row((tests.kept('answer') #>> '{result,conditionMetId}')::uuid, tests.the('client'), tests.the('session'),
    tests.the('campaign'), 1, tests.the('agent'), tests.the('recipient')),
    'provision_gift_card_for_call_center: the condition is recorded as met, with call, agent and card');
select row_eq('select client_id, campaign_id, recipient_id from public.call_sessions where id = tests.the(''session'')',
  row(tests.the('client'), tests.the('campaign'), tests.the('recipient')), 'provision_gift_card_for_call_center: the call has its recipient');
select set_has($$ select step_name, step_number from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') $$,
  $$ values ('Log condition met', 7), ('Record', 8) $$, 'provision_gift_card_for_call_center: the trace has the step');
select is((select metadata ->> 'code_shown' from public.audit_events where action = 'gift_card.provisioned'
  and client_id = tests.the('client')), 'false', 'provision_gift_card_for_call_center: audited as undisclosed');
select row_eq($$
  select surface, subject, outcome, code, client_id, code_fingerprint from public.redemption_attempts
    where subject = tests.kept('agent') #>> '{}' $$,
  row('provision-gift-card-for-call-center'::text, tests.the('agent')::text, 'succeeded'::text, null::text,
    tests.the('client'), private.fingerprint('ABCD2345VWXY')), 'provision_gift_card_for_call_center: the attempt is recorded, with a fingerprint of the code');

select is(tests.provision_for_caller(tests.the('agent'), 'abcd2345vwxy') ->> 'code', 'GC-010', 'provision_gift_card_for_call_center: twice → GC-010');

-- the code as people write it: look-alikes, dashes, full width, nothing between
select tests.keep('others', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 4) r));
create function pg_temp.type(nth int, token text, typed text) returns text language plpgsql as $$
begin
  update public.recipient_codes set redemption_token = token where recipient_id = (tests.kept('others') ->> nth)::uuid;
  return tests.provision_for_caller(tests.the('agent'), typed) ->> 'outcome';
end $$;
select is(pg_temp.type(0, '0110-VVAA-2345', 'oiIo-uVaa-2345'), 'ok', 'provision_gift_card_for_call_center: O for 0, I and L for 1, U for V');
select is(pg_temp.type(1, 'BCDF-1234-GHJK', 'bcdf–1234‑ghjk'), 'ok', 'provision_gift_card_for_call_center: any dash between');
select is(pg_temp.type(2, 'CDFG-1234-GHJK', 'CDFG1234ＧＨＪＫ'), 'ok', 'provision_gift_card_for_call_center: full-width letters');
select is(pg_temp.type(3, 'DFGH-1234-GHJK', E'\tDFGH 1234 GHJK\n'), 'ok', 'provision_gift_card_for_call_center: spaces around');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
