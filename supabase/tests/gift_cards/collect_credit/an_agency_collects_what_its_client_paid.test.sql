-- The agency has 100 of credit and gives it all to its client, which pays 26.40 and 26.40 for two cards; one comes back after the
-- agency has collected both: 52.80 collected of 26.40, so that the next card (26.40) leaves nothing to collect.
begin;
set local search_path = public, extensions, tests;
select plan(18);

select tests.keep(tests.create_promise(10));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
insert into public.client_denominations (client_id, brand_id, denomination, currency, custom_price)
values (tests.the('client'), tests.the('brand'), 25, 'USD', 26.40);
select tests.give_credit(tests.the('client'), 100);
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('client_admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));
create function pg_temp.collect(amount numeric default null, key text default null, who text default 'agency_admin',
  currency text default 'USD') returns text language plpgsql as $$
begin
  perform tests.sign_in(tests.the(who));
  perform public.collect_credit(tests.the('client'), amount, currency, key);
  perform tests.sign_out();
  return 'ok';
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;
create function pg_temp.agencys() returns numeric language sql as $$
  select balance from public.ledger_accounts where owner_id = tests.the('agency') and asset = 'credit:USD'
$$;
create function pg_temp.give() returns jsonb language sql as $$
  select tests.provision_for_caller(tests.the('agent'), recipient_id => tests.create_recipients(tests.the('campaign')))
    #> '{result,giftCard,id}'
$$;

select is(pg_temp.collect(), 'GC006', 'collect_credit: the client has paid nothing → GC006');
select tests.keep('card', pg_temp.give());
select pg_temp.give();
select is(pg_temp.agencys(), 0.00, 'collect_credit: before the collection the agency''s account does not have what the client paid');
select is(pg_temp.collect(52.81), 'GC006', 'collect_credit: a cent more than was paid → GC006');
select is(pg_temp.collect(0), 'RB400', 'collect_credit: nothing → RB400');
select is(pg_temp.collect('NaN'), 'RB400', 'collect_credit: no number → RB400');
select is(pg_temp.collect(1, currency => 'usd'), 'RB400', 'collect_credit: no currency → RB400');
select is(pg_temp.collect(who => 'client_admin'), 'RB403', 'collect_credit: by the client → RB403');
select is(pg_temp.collect(20, 'first'), 'ok', 'collect_credit: a part → moved');
select is(pg_temp.collect(20, 'first'), 'ok', 'collect_credit: the same key again → the same');
select is(pg_temp.collect(21, 'first'), 'RB409', 'collect_credit: the same key for another amount → RB409');
select is(pg_temp.agencys(), 20.00, '… collected once');
select is(pg_temp.collect(), 'ok', 'collect_credit: all that is left → moved');
select is(pg_temp.agencys(), 52.80, '… to the cent');
select tests.sign_in(tests.the('agency_admin'));
select is((public.cancel_gift_card(tests.the('card'), 'wrong person')).status, 'available',
  'collect_credit: a card is returned also after its payment was collected');
select tests.sign_out();
select is((select available from public.wallet_balances where owner_id = tests.the('client')), 73.60, '… with what the client paid');
select pg_temp.give();
select is(pg_temp.collect(), 'GC006', 'collect_credit: what came back was collected before → nothing to collect');
select is(tests.billing_statement(null, tests.the('agency'), now()::date::text) #> '{result,credit,0}',
  '{"currency": "USD", "opening": 0.00, "allocated": 152.80, "passedOn": 100.00, "charged": 0.00, "reversed": 0.00, "closing": 52.80}',
  'get_billing_statement: what was collected came in, and the credit adds up');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
