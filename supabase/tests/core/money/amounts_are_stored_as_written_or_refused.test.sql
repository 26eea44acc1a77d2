begin;
set local search_path = public, extensions, tests;
select plan(36);

create function pg_temp.problem(statement text) returns text language plpgsql as $$
declare
  detail text;
begin
  execute statement;
  return 'taken';
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return sqlstate || ' ' || coalesce(detail::jsonb #>> '{fields,0,field}', sqlerrm);
end $$;

-- one rounding, by currency
select is(private.round_money(149.85, 'JPY'), 150::numeric, 'round_money: JPY have no decimals');
select is(private.round_money(0.495, 'JPY'), 0::numeric, 'round_money: rounded once, 0.495 JPY → 0');
select is(private.round_money(0.495, 'USD'), 0.50, 'round_money: half up');
select is(private.minor_units(12.34, 'USD'), 1234::bigint, 'minor_units: cents');
select is(private.minor_units(1234, 'KRW'), 1234::bigint, 'minor_units: whole won');
select is(private.major_units(private.minor_units(5000, 'XOF'), 'XOF'), 5000.00, 'major_units: and back');
select is(private.amount_limit('USD') || ' ' || private.amount_limit('JPY'), '999999.99 99999999', 'amount_limit: eight digits');
select is_empty($$ select c.currency from private.payment_currencies c where c.minimum <> private.round_money(c.minimum, c.currency) $$,
  'money: the smallest chargeable amount is an amount of its currency');

-- every entry point that takes an amount, and what each must refuse
select tests.keep(tests.create_promise());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('admin', tests.create_user('platform_admin'));
create temp table entry_points (field text, call text);
insert into entry_points values
  ('price', format('public.create_package(%L, ''New'', %%1$s, 30)', tests.the('client'))),
  ('bizcoin_value', format('public.create_package(%L, ''New'', 49, 30, bizcoin_value => %%1$s)', tests.the('client'))),
  ('denomination', format('public.update_denomination(%L, %%1$s)', tests.the('brand'))),
  ('cost', format('public.update_denomination(%L, 25, cost => %%1$s)', tests.the('brand'))),
  ('price', format('public.update_denomination(%L, 25, price => %%1$s)', tests.the('brand'))),
  ('custom_price', format('public.update_agency_denomination(%L, %L, 25, custom_price => %%1$s)', tests.the('agency'), tests.the('brand'))),
  ('custom_price', format('public.update_client_price(%L, %L, 25, custom_price => %%1$s)', tests.the('client'), tests.the('brand'))),
  ('denomination', format('public.create_gift_card_pool(%L, %L, ''New'', %%1$s)', tests.the('client'), tests.the('brand'))),
  ('cost_per_card', format('public.create_gift_card_pool(%L, %L, ''New'', 25, cost_per_card => %%1$s)', tests.the('client'), tests.the('brand'))),
  ('card_value', format('public.create_campaign_condition(%L, 2, ''New'', null, %%1$s)', tests.the('campaign'))),
  ('card_value', format('public.update_campaign_condition(%L, 1, card_value => %%1$s)', tests.the('campaign'))),
  ('amount', format('public.allocate_credit(%%1$s, agency_id => %L)', tests.the('agency'))),
  ('fee', format('public.update_service_fee(%%1$s, client_id => %L)', tests.the('client'))),
  ('price', format('public.update_package(%L, price => %%1$s)', tests.create_package(tests.the('client')))),
  ('bizcoin_value', format('public.update_package(%L, bizcoin_value => %%1$s)', tests.create_package(tests.the('client')))),
  ('amount', format('public.collect_credit(%L, %%1$s)', tests.the('client'))),
  ('amount', format('public.return_credit(%%1$s, agency_id => %L)', tests.the('agency'))),
  ('minimumPurchase', format('public.create_voucher(%L, jsonb_build_object(''type'', ''percentage'', ''value'', 10, ''minimumPurchase'', %%1$s))', tests.the('client')));
create temp table foreign_amounts as
select a.written from unnest(array['10.005', '1e400', '9e15', '1e13', '''NaN''::numeric', '''Infinity''::numeric', '-29.99', '0.001']) a (written);

create function pg_temp.ask(call text) returns text language plpgsql as $$
declare
  said text;
  detail text;
begin
  perform tests.sign_in(tests.the('admin'));
  begin
    execute 'select ' || call;
    said := 'taken';
  exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    said := sqlstate || ' ' || coalesce(detail::jsonb #>> '{fields,0,field}', sqlerrm);
  end;
  perform tests.sign_out();
  return said;
end $$;
select is_empty($$
  select e.call, a.written, s.said from entry_points e, foreign_amounts a, lateral (select pg_temp.ask(format(e.call, a.written)) as said) s
  where s.said <> 'RB400 ' || e.field $$,
  'amounts: every entry point: too large, too fine, not a number or below zero → RB-400 with its field');
select is_empty($$
  select e.call, s.said from entry_points e, lateral (select pg_temp.ask(format(e.call, '25.00')) as said) s
  where s.said like 'RB400%' $$, 'amounts: every entry point: 25.00 is taken');
select is_empty($$
  select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
  where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and a.attname = 'decimals' $$,
  'money: decimals of currencies are stored in private.decimals_of alone');

select set_eq($$
  select p.proname || '.' || n.name from pg_proc p, unnest(p.proargnames, p.proargtypes::oid[]) n (name, type)
  where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and n.type = 'numeric'::regtype
    and not exists (select from entry_points e where e.call like 'public.' || p.proname || '(%' and e.field = n.name) $$, $$ values
  -- used as keys: an unknown value is not found
  ('update_agency_denomination.denomination'), ('update_client_denomination.denomination'), ('update_client_price.denomination'),
  ('provision_gift_card.denomination'), ('update_pending_reward.denomination'),
  -- percentages, below
  ('update_agency_brand.markup_percentage'), ('update_agency_denomination.markup_percentage'),
  -- compared with what it costs, and not stored
  ('start_package_purchase.expected_final_amount'),
  -- refund_package_purchase/parts_are_split_cumulatively
  ('refund_package_purchase.amount'), ('refund_package_purchase.payment_amount'),
  -- refused as pricePerCard, below
  ('sell_gift_cards.price_per_card'),
  -- a supplier's word, which must not lose the card
  ('complete_supplier_purchase.cost') $$, 'money: every amount argument of a public function is tested here');

-- percentages and units
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "percentage", "value": 12.345}'')', tests.the('client'))), 'RB400 value',
  'create_voucher: 12.345 % → RB-400, and not 12.35 %');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "percentage", "value": 12.34}'')', tests.the('client'))), 'taken',
  'create_voucher: 12.34 % → taken');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "credit", "value": 9e15}'')', tests.the('client'))), 'RB400 value',
  'create_voucher: 9e15 bizcoins → RB-400');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "credit", "value": 1e400}'')', tests.the('client'))), 'RB400 value',
  'create_voucher: 1e400 bizcoins → RB-400');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "credit", "value": 1000000000}'')', tests.the('client'))), 'taken',
  'create_voucher: 1,000,000,000 bizcoins → taken');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "credit", "value": 1000000001}'')', tests.the('client'))), 'RB400 value',
  'create_voucher: one more → RB-400');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "credit", "value": "NaN"}'')', tests.the('client'))), 'RB400 value',
  'create_voucher: NaN as a text → RB-400');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "credit", "value": [5]}'')', tests.the('client'))), 'RB400 value',
  'create_voucher: a list → RB-400');
select is(pg_temp.ask(format('public.create_voucher(%L, ''{"type": "credit", "value": 5, "usageLimit": 1.5}'')', tests.the('client'))),
  'RB400 usageLimit', 'create_voucher: a limit of 1.5 → RB-400, and not 2');
select is(pg_temp.ask(format('public.update_agency_brand(%L, %L, markup_percentage => 5.12345)', tests.the('agency'), tests.the('brand'))),
  'RB400 markup_percentage', 'update_agency_brand: a markup of five decimals → RB-400');
select is(pg_temp.ask(format('public.update_agency_brand(%L, %L, markup_percentage => 1e9)', tests.the('agency'), tests.the('brand'))),
  'RB400 markup_percentage', 'update_agency_brand: a markup of 1e9 % → RB-400');

select is(pg_temp.ask(format('public.update_expiration_policy(%L, ''Long'', 36501)', tests.the('brand'))), 'RB400 valid_days',
  'update_expiration_policy: more than a hundred years → RB-400');
select is(tests.use_messages(tests.the('client'), tests.the('recipient'), -5) #>> '{details,fields,0,field}', 'howMany',
  'use_messages: fewer than none → RB-400');
select tests.keep('buyer', tests.create_user('customer', tests.the('client')));
select tests.keep('package', tests.create_package(tests.the('client')));
select is(tests.quote(tests.the('buyer'), tests.the('package'), -1) #>> '{details,fields,0,field}', 'bizcoins',
  'get_package_quote: fewer bizcoins than none → RB-400');

select tests.keep('master', tests.create_pool(null, tests.the('brand'), 1));
select is(array(select tests.sell(tests.the('master'), tests.the('client'), 1, p) #>> '{details,fields,0,field}'
  from unnest(array[10.005, -1, 'NaN', 1e7]) p), array_fill('pricePerCard'::text, array[4]),
  'sell_gift_cards: a price that is too fine, below zero, not a number or too large → RB-400');

-- currencies
select is(pg_temp.ask(format('public.update_denomination(%L, 1000.50, ''JPY'')', tests.the('brand'))), 'RB400 denomination',
  'update_denomination: 1000.50 JPY → RB-400');
select is(pg_temp.ask(format('public.update_denomination(%L, 25, ''usd'')', tests.the('brand'))), 'RB400 currency',
  'update_denomination: a currency in lower case → RB-400');
select is(private.agency_price(999, null, 15, 'JPY'), 1149::numeric, 'agency_price: 999 JPY and 15 % → 1,148.85, rounded to 1,149');
select is(private.agency_price(9.99, null, 15, 'USD'), 11.49, 'agency_price: 9.99 USD and 15 % → 11.4885, rounded to 11.49');

-- the ledger
select tests.keep('customer', tests.create_user('customer', tests.the('client')));
create function pg_temp.credit(amount numeric) returns text language sql as $$
  select pg_temp.problem(format('select private.post_transfer(%L, ''topup'', %L, %L, %s, %L)', tests.the('client'),
    private.system_account(tests.the('client'), 'issuance', 'bizcoin'),
    private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), amount, gen_random_uuid()))
$$;
select is(pg_temp.credit(1e15), 'taken', 'post_transfer: a balance of 1e15 → taken');
select is(pg_temp.credit(1), 'WL004 The balance would be too large', 'post_transfer: one more → WL-004, and not an error of the database');
select is(pg_temp.credit(9e15), 'WL004 The balance would be too large', 'post_transfer: 9e15 → WL-004');
select is((select b.balance from public.wallet_balances b where b.user_id = tests.the('customer')), 1e15, '… refused amounts changed nothing');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');

select * from finish();
rollback;
