-- A prepaid agency above a prepaid client: whoever is billed for a campaign pays its own price from its own account, also when
-- the other one has more.
begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_promise(10));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
update public.brand_denominations set price = 24 where brand_id = tests.the('brand');
insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (tests.the('agency'), tests.the('brand'), 10);
select tests.keep('agencys', tests.create_campaign(tests.the('client'), tests.the('brand'), billing_entity => 'agency'));
-- the agency has 100 and gives 60 of them to its client
select tests.give_credit(tests.the('client'), 40, 'agency');
select tests.give_credit(tests.the('client'), 60);
create function pg_temp.credit() returns numeric[] language sql as $$
  select array[(select balance from public.ledger_accounts where owner_id = tests.the('agency') and asset = 'credit:USD'),
    (select balance from public.ledger_accounts where owner_id = tests.the('client') and asset = 'credit:USD')]
$$;
create function pg_temp.give(campaign text) returns jsonb language sql as $$
  select tests.provision(tests.create_recipients(tests.the(campaign)))
$$;

select is(pg_temp.credit(), array[40.00, 60.00], 'What each has');
select is(pg_temp.give('campaign') #>> '{result,billing,price}', '26.40', 'The client is billed its agency''s price');
select is(pg_temp.credit(), array[40.00, 33.60], 'And pays it; its agency pays nothing more');
select tests.keep('card', tests.provision_for_caller(tests.create_user('call_agent', tests.the('client')),
  recipient_id => tests.create_recipients(tests.the('agencys'))) #> '{result,giftCard,id}');
select is(pg_temp.credit(), array[16.00, 33.60], 'The agency pays the platform''s price, its client nothing');
select is(pg_temp.give('agencys') ->> 'code', 'GC-006', 'What the client has does not pay for its agency');
select is(pg_temp.give('campaign') ->> 'outcome', 'ok', 'The client goes on');
select is(pg_temp.give('campaign') ->> 'code', 'GC-006', 'Until its own is spent');
select is(pg_temp.credit(), array[16.00, 7.20], 'Nobody paid for the other');

-- what comes back comes back to whoever paid, also when others are billed by then
update public.campaigns set billing_entity = 'client' where id = tests.the('agencys');
select tests.sign_in(tests.create_user('agency_admin', tests.the('client')));
select is((public.cancel_gift_card(tests.the('card'), 'wrong person')).status, 'available', 'The agency''s card never left');
select tests.sign_out();
select is(pg_temp.credit(), array[40.00, 7.20], 'And its price is the agency''s again');
select is(tests.provision(tests.create_recipients(tests.the('agencys'))) ->> 'code', 'GC-006',
  'From now on the client is billed, which is short');
select is_empty('select * from private.invariant_violations', 'Everything agrees');

select * from finish();
rollback;
