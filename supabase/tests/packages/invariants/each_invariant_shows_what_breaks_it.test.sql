-- The invariants are empty after a busy day, and each shows a row when it is broken on purpose.
begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_busy_tenant());
select tests.keep(tests.create_buyer(balance => 100, price => 49));
select tests.keep('paid', (tests.buy(49) #>> '{result,purchase,purchaseId}')::uuid);
select tests.keep('open', (tests.buy(20) #>> '{result,purchase,purchaseId}')::uuid);

create function pg_temp.problems_after(change text) returns text language plpgsql as $$
declare
  problems text;
begin
  begin
    execute change;
    problems := (
      select string_agg(distinct v.invariant || case when v.problem <> '' then ': ' || v.problem else '' end, '; ')
      from private.invariant_violations v);
    raise exception using errcode = 'P0001', message = 'undo';
  exception when raise_exception then
    null;
  end;
  return problems;
end $$;

select is_empty('select * from private.invariant_violations', 'invariants: a full flow → none violated');
select is(pg_temp.problems_after($$ update public.customer_packages set messages_used = messages_used + 1
    where purchase_id = tests.the('paid') $$), 'packages_off', 'invariants: a used message that was not drawn → shown');
select is(pg_temp.problems_after($$ update public.customer_packages set messages_limit = messages_limit + 1
    where purchase_id = tests.the('paid') $$), 'packages_off', 'invariants: a granted message without a source → shown');
select is(pg_temp.problems_after($$ update public.customer_packages set purchase_id = null where purchase_id = tests.the('paid') $$),
  'purchases_off: completed, and there is no package', 'invariants: a payment without a purchase → shown');
select is(pg_temp.problems_after($$ update public.customer_packages set purchase_id = tests.the('open')
    where purchase_id = tests.the('paid') $$),
  'purchases_off: completed, and there is no package; purchases_off: not completed, and there is a package',
  'invariants: a package that is not paid → shown');
select is(pg_temp.problems_after($$ update public.package_purchases set hold_id = null where id = tests.the('paid') $$),
  'purchases_off: completed, and its bizcoins are not captured', 'invariants: a purchase whose bizcoins were not captured → shown');
select is(pg_temp.problems_after($$ update public.package_purchases set status = 'cancelled', cancelled_at = now()
    where id = tests.the('open') $$), 'purchases_off: over, and its bizcoins are not given back', 'invariants: bizcoins held for nothing → shown');
select is(pg_temp.problems_after($$ select private.reserve_hold(private.ledger_account(tests.the('client'), 'user',
    tests.the('customer'), 'bizcoin'), 1, now() + interval '1 hour', 'twice', tests.the('open')) $$),
  'purchases_off: two holds stand for one purchase', 'invariants: a second hold → shown');
select is(pg_temp.problems_after($$ update public.package_purchases set entitlement_id = gen_random_uuid()
    where id = tests.the('open') $$), 'purchases_off: its discount is not where it should be', 'invariants: a discount that is not reserved → shown');
select is(pg_temp.problems_after($$ update public.package_purchases set refunded_bizcoins = 5 where id = tests.the('paid') $$),
  'refunds_off: not all that is refunded is on record; refunds_off: the wallet got back another number of bizcoins',
  'invariants: bizcoins recorded as returned, and not → shown');
select is(pg_temp.problems_after($$ insert into public.package_refunds (client_id, purchase_id, bizcoins, currency)
    select client_id, id, 5, currency from public.package_purchases where id = tests.the('paid') $$),
  'refunds_off: not all that is refunded is on record', 'invariants: a refund that the purchase does not have → shown');
select is(pg_temp.problems_after($$ select private.reverse_transfer(h.transfer_id, 5, 'in secret') from public.ledger_holds h
    join public.package_purchases p on p.hold_id = h.id where p.id = tests.the('paid') $$),
  'refunds_off: the wallet got back another number of bizcoins', 'invariants: bizcoins returned without a refund → shown');
select is_empty('select * from private.invariant_violations', 'invariants: all undone → none violated');

select * from finish();
rollback;
