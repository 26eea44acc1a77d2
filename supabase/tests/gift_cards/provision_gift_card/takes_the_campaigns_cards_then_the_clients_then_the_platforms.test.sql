begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise(1));
select tests.keep('elsewhere', tests.create_client());
select tests.keep('other_campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 2, cost => 22));
select tests.keep('campaign_pool', tests.create_pool(tests.the('client'), tests.the('brand'), 1,
  campaign_id => tests.the('campaign')));
-- pools that must never serve this campaign
select tests.create_pool(tests.the('client'), tests.the('brand'), 1, campaign_id => tests.the('other_campaign'));
select tests.create_pool(tests.the('elsewhere'), tests.the('brand'), 1);
select tests.create_pool(tests.the('client'), tests.the('brand'), 1, denomination => 50);
select tests.create_pool(tests.the('client'), tests.create_brand(), 1);
select tests.keep('foreign_currency', tests.create_pool(tests.the('client'), tests.the('brand'), 1));
update public.card_pools set currency = 'CAD' where id = tests.the('foreign_currency');
select tests.keep('inactive', tests.create_pool(tests.the('client'), tests.the('brand'), 1));
update public.card_pools set is_active = false where id = tests.the('inactive');

create function pg_temp.give() returns text language plpgsql as $$
declare
  answer jsonb := tests.provision(tests.create_recipients(tests.the('campaign')));
begin
  return coalesce(answer ->> 'code', (
    select p.id::text from public.gift_cards c join public.card_pools p on p.id = c.pool_id
    where c.id = (answer #>> '{result,giftCard,id}')::uuid));
end $$;

select is(pg_temp.give(), tests.the('campaign_pool')::text, 'provision_gift_card: first a card of the campaign''s pool');
select is(pg_temp.give(), tests.the('pool')::text, '… then of the client''s pool');
select is(pg_temp.give(), 'GC-003', 'provision_gift_card: a client without access to master pools → GC-003');
insert into public.client_brands (client_id, brand_id, may_use_master_pool) values (tests.the('client'),
  tests.the('brand'), false);
select is(pg_temp.give(), 'GC-003', '… nor one whose access was revoked');
update public.client_brands set may_use_master_pool = true where client_id = tests.the('client');
select is(pg_temp.give(), tests.the('master')::text, 'provision_gift_card: a client with access → a card of the master pool');
select tests.add_cards(tests.the('pool'), 1);
select is(pg_temp.give(), tests.the('pool')::text, '… only while it has no card of its own');
select is(pg_temp.give(), tests.the('master')::text, '… and again afterwards');
select is(pg_temp.give(), 'GC-003',
  'provision_gift_card: pools of other tenants, values, brands and currencies, and inactive ones → not used');

select row_eq($$
  select c.client_id, b.cost_basis, b.price, b.margin, b.billed_entity_id from public.gift_cards c
  join public.billing_transactions b on b.gift_card_id = c.id where c.pool_id = tests.the('master') limit 1 $$,
  row(tests.the('client'), 22.00::numeric(18,2), 25.00::numeric(18,2), 3.00::numeric(18,2), tests.the('client')),
  'provision_gift_card: a card of the master pool becomes the client''s, at the platform''s cost');
select is((select client_id from public.card_pools where id = tests.the('master')), null,
  '… the pool stays the platform''s');

-- earliest expiry first, within a pool
select tests.add_cards(tests.the('pool'), 1);
select tests.add_cards(tests.the('pool'), 1, current_date + 400);
select tests.add_cards(tests.the('pool'), 1, current_date + 30);
create function pg_temp.expiry_of_next() returns date language sql as $$
  select (tests.provision(tests.create_recipients(tests.the('campaign'))) #>> '{result,giftCard,expiresAt}')::timestamptz::date
$$;
select is(pg_temp.expiry_of_next(), current_date + 31,
  'provision_gift_card: two expiries → the earlier first, at the end of its day');
select is(pg_temp.expiry_of_next(), current_date + 401, '… then the next one by expiry');
select is(pg_temp.expiry_of_next(), null, '… last the one that never expires');
select is_empty('select * from private.pool_counters_off', 'provision_gift_card: all counters are exact');

select * from finish();
rollback;
