-- Computed by hand: after amounts of R in all, each side has given back its share of R, rounded half up once.
begin;
set local search_path = public, extensions, tests;
select plan(28);

create function pg_temp.purchase(balance numeric, price numeric, bizcoins int, bizcoin_value numeric default 1, currency text default 'USD')
returns void language plpgsql as $$
begin
  perform tests.keep(tests.create_buyer(balance, price, currency => currency, bizcoin_value => bizcoin_value));
  perform tests.keep('purchase', (tests.buy(bizcoins) #>> '{result,purchase,purchaseId}')::uuid);
  perform tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
  perform public.record_payment(p.id, tests.payment(p.id, 'succeeded'))
  from public.package_purchases p where p.id = tests.the('purchase') and p.final_amount > 0;
end $$;
create function pg_temp.refund(amount numeric default null, payment numeric default null, bizcoins int default null)
returns text language sql as $$
  select coalesce(a ->> 'code', trim_scale((a #>> '{result,refund,paymentAmount}')::numeric) || '+' || (a #>> '{result,refund,bizcoins}'))
  from tests.refund(tests.the('admin'), tests.the('purchase'), amount, payment, bizcoins, 'test') a
$$;
create function pg_temp.times(how_many int, amount numeric) returns text language plpgsql as $$
begin
  for n in 1..how_many loop
    perform pg_temp.refund(amount);
  end loop;
  return (
    select trim_scale(p.refunded_payment) || '+' || p.refunded_bizcoins
    from public.package_purchases p where p.id = tests.the('purchase'));
end $$;
create function pg_temp.problem(amount numeric default null, payment numeric default null, bizcoins int default null)
returns text language sql as $$
  select a #>> '{details,fields,0,field}' from tests.refund(tests.the('admin'), tests.the('purchase'), amount, payment, bizcoins, 'test') a
$$;

-- 50.00 paid by 20 bizcoins and 30.00
select pg_temp.purchase(20, 50, 20);
select is(pg_temp.refund(10), '6+4', 'refund_package_purchase: 10.00 of 50.00 → 6.00 to the card and 4 bizcoins');
select pg_temp.purchase(20, 50, 20);
select is(pg_temp.times(10, 1), '6+4', 'refund_package_purchase: ten of 1.00 → the same as one of 10.00');
select pg_temp.purchase(20, 50, 20);
select is(pg_temp.times(100, 0.10), '6+4', 'refund_package_purchase: a hundred of 0.10 → the same');
select is(pg_temp.refund(), '24+16', 'refund_package_purchase: the rest → all that is left');

-- 50.00 paid by 30 bizcoins and 20.00
select pg_temp.purchase(30, 50, 30);
select is(array(select pg_temp.refund(1) from generate_series(1, 10)),
  array['0.4+1', '0.4+0', '0.4+1', '0.4+0', '0.4+1', '0.4+1', '0.4+0', '0.4+1', '0.4+0', '0.4+1'],
  'refund_package_purchase: bizcoins of 1.00 each → 0.6, 1.2, 1.8 … 6.0 rounded, less what came before');
select is(pg_temp.times(40, 1), '20+30', 'refund_package_purchase: fifty of 1.00 → everything');
select is(pg_temp.refund(1), 'VC-027', 'refund_package_purchase: one more → VC-027');

-- 49.30 paid by 17 bizcoins and 32.30; 32.30 x 10 / 49.30 = 6.5517, 17 x 10 / 49.30 = 3.4483; of 45: 29.4828 and 15.5172
select pg_temp.purchase(100, 49.30, 17);
select is(pg_temp.refund(10), '6.55+3', 'refund_package_purchase: odd amounts → each part is rounded once');
select is(pg_temp.refund(35), '22.93+13', 'refund_package_purchase: the next → 29.48 and 16, less what came before');
select is(pg_temp.refund(4.31), 'VC-027', 'refund_package_purchase: more than is left → VC-027');
select is(pg_temp.refund(4.30), '2.82+1', 'refund_package_purchase: what is left → 32.30 and 17 in all');

-- 1,000 JPY paid by 333 bizcoins and 667
select pg_temp.purchase(1000, 1000, 333, currency => 'JPY');
select is(array(select pg_temp.refund(100) from generate_series(1, 3)), array['67+33', '66+34', '67+33'],
  'refund_package_purchase: JPY have no decimals → 66.7, 133.4, 200.1 rounded, less what came before');
select is(pg_temp.problem(10.5), 'amount', 'refund_package_purchase: 10.5 JPY → RB-400, and not 11');
select is(pg_temp.problem(payment => 10.5), 'paymentAmount', 'refund_package_purchase: nor as a part');
select is(pg_temp.times(7, 100), '667+333', 'refund_package_purchase: ten of 100 → everything');

-- bizcoins of 10.00
select pg_temp.purchase(5, 100, 5, 10);
select is(pg_temp.times(100, 1), '50+5', 'refund_package_purchase: large bizcoins → each when half of it is reached, and everything in the end');
select pg_temp.purchase(10, 100, 10, 10);
select is(pg_temp.problem(4), 'amount', 'refund_package_purchase: less than half of a bizcoin, and no card → RB-400');
select is(pg_temp.refund(20), '0+2', 'refund_package_purchase: by bizcoins alone → bizcoins');

-- amounts that cannot be
select is(pg_temp.problem(0), 'amount', 'refund_package_purchase: nothing → RB-400');
select is(pg_temp.problem(-1), 'amount', 'refund_package_purchase: less than nothing → RB-400');
select is(pg_temp.problem('NaN'), 'amount', 'refund_package_purchase: NaN → RB-400');
select is(pg_temp.problem(10.005), 'amount', 'refund_package_purchase: 10.005 → RB-400, and not 10.01');
select is(pg_temp.problem(1, 1), 'amount', 'refund_package_purchase: an amount beside its parts → RB-400');

-- parts that are named, and refunds that fail, end a run: the next begins with what is left
select pg_temp.purchase(30, 50, 30);
select is(pg_temp.refund(10) || ' ' || pg_temp.refund(payment => 6) || ' ' || pg_temp.refund(17), '4+6 6+0 5+12',
  'refund_package_purchase: after a named part → half of what is left (10.00 and 24) for half of the amount');
select pg_temp.purchase(30, 50, 30);
select pg_temp.refund(25);
select public.complete_package_refund(r.id, 'failed', null, 'no') from public.package_refunds r where r.purchase_id = tests.the('purchase');
select is(pg_temp.refund(7), '4+3', 'refund_package_purchase: after one that failed → a share of 20.00 and 15 that are left');
select is(pg_temp.refund(), '16+12', 'refund_package_purchase: and the rest');

select is_empty('select * from private.refunds_off', 'invariants: refunds and purchases agree');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');

select * from finish();
rollback;
