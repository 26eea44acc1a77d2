begin;
set local search_path = public, extensions, tests;
select plan(27);

select tests.keep(tests.create_promise(5));
insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value)
select tests.the('client'), tests.the('campaign'), 2, 'Condition 2', tests.the('brand'), 25;
select tests.keep('code', tests.redemption_token(tests.the('recipient')));

create function pg_temp.confirm(code text default tests.kept('code') #>> '{}', condition_number int default null,
  ip text default '203.0.113.7', key text default null, hash text default null) returns jsonb language sql as $$
  select public.confirm_redemption(code, condition_number, tests.request(idempotency_key => key, hash => hash, ip => ip))
$$;

select tests.keep('refusal', pg_temp.confirm());
select is(tests.kept('refusal') ->> 'code', 'GC-011', 'confirm_redemption: no card for this code → GC-011');
select is(pg_temp.confirm('NOBODY-HAS-THIS'), tests.kept('refusal'), 'confirm_redemption: an unknown code → the same GC-011');

select tests.keep('card', tests.redeem(tests.kept('code') #>> '{}') #> '{result,giftCard,id}');
select tests.keep('answer', pg_temp.confirm(lower(replace(tests.kept('code') #>> '{}', '-', ' ')), key => 'k', hash => 'h'));
select is(tests.kept('answer') ->> 'outcome', 'ok', 'confirm_redemption: the code is accepted in any case and spacing');
select is(tests.kept('answer') #>> '{result,giftCard,id}', tests.kept('card') #>> '{}', '… the card of the code');
select is(tests.kept('answer') #>> '{result,giftCard,status}', 'redeemed', '… it is redeemed');
select is(tests.kept('answer') -> 'sealed', 'null', '… the answer has no code of a card');
select row_eq($$ select actor_id, metadata ->> 'confirmed_by' from public.audit_events where action = 'gift_card.redeemed'
    and subject_id = tests.the('card') $$, row(null::uuid, 'recipient'::text), '… audited as said by the recipient');
select is(pg_temp.confirm() -> 'result', tests.kept('answer') -> 'result', 'confirm_redemption: twice → the same answer');
select is(pg_temp.confirm(key => 'k', hash => 'h') ->> 'replayed', 'true', 'confirm_redemption: the same key → the stored answer');
select is(pg_temp.confirm(key => 'k', hash => 'other') ->> 'code', 'RB-409', 'confirm_redemption: the same key with another request → RB-409');
select is((select count(*)::int from public.audit_events where action = 'gift_card.redeemed' and subject_id = tests.the('card')),
  1, '… confirmed once');

-- two cards
select tests.provision(tests.the('recipient'), condition_number => 2);
select is(pg_temp.confirm() #>> '{result,giftCard,id}', (select id::text from public.gift_cards
  where recipient_id = tests.the('recipient') and id <> tests.the('card')), 'confirm_redemption: one open card → that one');
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('second'));
select tests.provision(tests.the('second'), condition_number => 2);
select is(pg_temp.confirm(tests.redemption_token(tests.the('second'))) #>> '{details,fields,0,field}', 'conditionNumber',
  'confirm_redemption: two open cards, no condition named → names conditionNumber');
select is(pg_temp.confirm(tests.redemption_token(tests.the('second')), 2) ->> 'outcome', 'ok', 'confirm_redemption: a condition named → its card is confirmed');
select is((select array_agg(c.status order by g.condition_number) from public.gift_cards c
  join public.gift_card_grants g on g.id = c.grant_id where c.recipient_id = tests.the('second')), '{claimed,redeemed}',
  '… the named one');
select is(pg_temp.confirm(tests.redemption_token(tests.the('second')), 3) ->> 'code', 'GC-011',
  'confirm_redemption: a condition without a card → GC-011');

-- undisclosed cards
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select tests.provision_for_caller(tests.create_user('call_agent', tests.the('client')), recipient_id => tests.the('third'));
select is(pg_temp.confirm(tests.redemption_token(tests.the('third'))) ->> 'code', 'GC-011',
  'confirm_redemption: an undisclosed card → GC-011');
update public.gift_cards set status = 'cancelled', cancelled_at = now(), exposed_at = now()
where recipient_id = tests.the('third');
select is(pg_temp.confirm(tests.redemption_token(tests.the('third'))) ->> 'code', 'GC-011', 'confirm_redemption: a cancelled card → GC-011');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- guessing is limited
select is(count(*)::int, 5, 'confirm_redemption: five attempts of one code → GC-011 each')
from generate_series(1, 5) n where pg_temp.confirm('GUESS-THIS-CODE', ip => '198.51.100.' || n) ->> 'code' = 'GC-011';
select is(pg_temp.confirm('guess this code', ip => '198.51.100.6') ->> 'code', 'RB-429',
  'confirm_redemption: the sixth attempt of a code from any address → RB-429');
select cmp_ok((pg_temp.confirm('guess this code', ip => '198.51.100.6') #>> '{details,retryAfter}')::int, '<=', 600,
  'confirm_redemption: RB-429 → says for how long');
select count(pg_temp.confirm('ADDRESS-' || n || '-' || n, ip => '203.0.113.9')) from generate_series(1, 20) n;
select is(pg_temp.confirm(ip => '203.0.113.9') ->> 'code', 'RB-429', 'confirm_redemption: the twenty-first attempt of an address → RB-429');
select is(pg_temp.confirm(ip => '203.0.113.10') ->> 'outcome', 'ok', 'confirm_redemption: other visitors are not limited');
select is(count(*)::int, 30, 'confirm_redemption: a valid code takes no token')
from generate_series(1, 30) n where pg_temp.confirm(ip => '203.0.113.11') ->> 'outcome' = 'ok';
select is((select count(*)::int from public.redemption_attempts where surface = 'confirm-redemption'
  and code_fingerprint = private.fingerprint(private.canonical_code(tests.kept('code') #>> '{}')) and outcome = 'limited'), 1,
  'confirm_redemption: → every attempt is recorded');
select is((select string_agg(distinct alert_type, ',') from public.system_alerts
  where metadata ->> 'surface' = 'confirm-redemption' and created_at = now()), 'redemption_burst', 'confirm_redemption: a burst of attempts → alert');

select * from finish();
rollback;
