-- create_gift_card_pool: the creator of a pool owns its stock, and the owner decides costs and bills. A client admin who types a
-- cost of 0.01 gave the platform a margin of 24.99 with it.
begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep('client', tests.create_client());
select tests.keep('brand', tests.create_brand());
select tests.keep('no_cost', tests.create_brand());
update public.brand_denominations set cost = null where brand_id = tests.the('no_cost');
select tests.keep('campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep(jsonb_object_agg(role, tests.create_user(role, tests.the('client'))))
from unnest(array['platform_admin', 'agency_admin', 'client_admin', 'call_agent']) role;
create function pg_temp.make(who text, cost numeric default null, owner text default null, client text default 'client',
  brand text default 'brand') returns text language plpgsql as $$
declare
  pool public.card_pools;
begin
  perform tests.sign_in(tests.the(who));
  pool := public.create_gift_card_pool(tests.the(client), tests.the(brand), 'Pool', 25, cost_per_card => cost, stock_owner => owner);
  perform tests.sign_out();
  perform tests.keep(who, pool.id) where false;
  perform tests.keep('made', pool.id);
  return concat_ws(' ', pool.stock_owner, pool.cost_per_card, coalesce(pool.client_cost_per_card::text, '-'));
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;
select tests.keep('master', null::text);

select is(pg_temp.make('client_admin', 0.01), 'client 0.00 0.01', 'create_gift_card_pool: by a client admin → own stock, the cost is the client''s figure');
select tests.keep('own', tests.kept('made'));
select is(pg_temp.make('client_admin'), 'client 0.00 -', 'create_gift_card_pool: client stock without a cost → accepted');
select is(pg_temp.make('agency_admin', 22), 'client 0.00 22.00', 'create_gift_card_pool: by an agency admin → the client''s own stock, too');
select is(pg_temp.make('client_admin', 0.01, 'platform'), 'RB403', 'create_gift_card_pool: platform stock by a client admin → RB403');
select is(pg_temp.make('agency_admin', 0.01, 'platform'), 'RB403', 'create_gift_card_pool: platform stock by an agency admin → RB403');
select is(pg_temp.make('platform_admin', 22.50), 'platform 22.50 -', 'create_gift_card_pool: by the platform for a client → platform stock');
select tests.keep('platforms', tests.kept('made'));
select is(pg_temp.make('platform_admin'), 'platform 23.50 -', 'create_gift_card_pool: platform stock without a cost → that of the brand''s value');
select is(pg_temp.make('platform_admin', brand => 'no_cost'), 'RB400', 'create_gift_card_pool: platform stock of unknown cost → RB400');
select is(pg_temp.make('platform_admin', client => 'master', brand => 'no_cost'), 'RB400', 'create_gift_card_pool: nor for a master pool');
select is(pg_temp.make('platform_admin', 0, brand => 'no_cost'), 'platform 0.00 -', 'create_gift_card_pool: a cost of 0 that is named → taken');
select is(pg_temp.make('platform_admin', 22, 'client'), 'client 0.00 22.00', 'create_gift_card_pool: the platform may say that the stock is the client''s');
select is(pg_temp.make('platform_admin', 22, 'client', client => 'master'), 'RB400', 'create_gift_card_pool: a master pool of a client''s own stock → RB400');
select is(pg_temp.make('platform_admin', 22, 'agency'), 'RB400', 'create_gift_card_pool: an owner that is none → RB400');

-- only the owner of stock may add cards to it
select is(tests.import(tests.the('platforms'), jsonb_build_array(tests.card_row(1, 'AAAA-1111')), tests.the('client_admin')) ->> 'code',
  'RB-403', 'import_gift_cards: a client''s cards into platform stock → RB-403');
select is(tests.import(tests.the('own'), jsonb_build_array(tests.card_row(1, 'AAAA-1111')), tests.the('client_admin'))
  #>> '{result,imported}', '1', 'import_gift_cards: into its own stock → imported');
select is(tests.provision(tests.create_recipients(tests.the('campaign'))) ->> 'outcome', 'ok', 'create_gift_card_pool: a card is provisioned');
select row_eq($$ select stock_owner, cost_basis, platform_price, client_price, margin from public.billing_transactions
  where client_id = tests.the('client') $$,
  row('client'::text, 0.00::numeric(18,2), 0.00::numeric(18,2), 0.00::numeric(18,2), 0.00::numeric(18,2)),
  'record_billing: 0.01 typed by a client admin → no cost, no price and no margin of the platform');
select throws_ok(format('update public.card_pools set stock_owner = %L, cost_per_card = 0.01 where id = %L', 'platform', tests.the('own')),
  'P0001', null, 'card_pools: a pool that has cards → keeps its owner');
select throws_ok(format('update public.card_pools set cost_per_card = 0.01 where id = %L', tests.the('own')), '23514', null,
  'card_pools: own stock with a cost of the platform → refused');

-- readers of each figure
create function pg_temp.figures(who text) returns text language plpgsql as $$
begin
  perform tests.sign_in(tests.the(who));
  return (select string_agg(concat_ws(' ', p.stock_owner, coalesce(p.cost_per_card::text, '-'),
    coalesce(p.client_cost_per_card::text, '-')), ', ' order by p.stock_owner)
    from public.gift_card_pools p where p.id in (tests.the('own'), tests.the('platforms')));
end $$;
select is(pg_temp.figures('client_admin'), 'client - 0.01, platform - -', 'gift_card_pools: a client admin reads its own figure');
select tests.sign_out();
select is(pg_temp.figures('call_agent'), 'client - -, platform - -', 'gift_card_pools: an agent reads none');
select tests.sign_out();
select is(pg_temp.figures('platform_admin'), 'client 0.00 0.01, platform 22.50 -', 'gift_card_pools: the platform reads both');
select tests.sign_out();
select throws_ok($$ select client_cost_per_card from public.card_pools $$, '42501', null, 'card_pools: the column itself → refused')
from (select tests.sign_in(tests.the('client_admin'))) s;
select tests.sign_out();
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
