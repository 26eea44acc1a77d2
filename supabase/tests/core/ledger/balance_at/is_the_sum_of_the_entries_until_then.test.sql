begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep_ledger();

create temp table moments (at timestamptz, balance numeric, issued numeric);
do $$
declare
  total numeric := 0;
begin
  for n in 1..40 loop
    if n % 3 = 0 then
      perform tests.spend(n);
    else
      perform tests.give(n);
    end if;
    total := total + case when n % 3 = 0 then -n else n end;
    insert into moments values (clock_timestamp(), total,
      (select -sum(i) from generate_series(1, n) i where i % 3 <> 0));
  end loop;
end $$;
select is_empty($$ select * from moments where private.balance_at(tests.the('ada'), at) <> balance $$,
  'balance_at: any time → the customer''s balance at that time');
select is_empty($$ select * from moments where private.balance_at(tests.the('issuance'), at) <> issued $$,
  'balance_at: a system account, which stores no balance → the sum of its entries');
select is(private.balance_at(tests.the('ada'), now() - interval '1 day'), 0::numeric, 'balance_at: before the first entry → zero');
select results_eq($$ select private.balance_at(tests.the('ada'), 'infinity') $$,
  $$ select balance from public.ledger_accounts where id = tests.the('ada') $$, 'balance_at: now → the stored balance');
select is_empty($$
  select from public.ledger_entries e where e.account_id = tests.the('ada')
    and private.balance_at(e.account_id, e.created_at) <> e.balance_after $$,
  'balance_at: the time of an entry → the balance after it');

select * from finish();
rollback;
