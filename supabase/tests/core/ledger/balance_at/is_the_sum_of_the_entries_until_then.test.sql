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
  'At any moment a customer had what he had then');
select is_empty($$ select * from moments where private.balance_at(tests.the('issuance'), at) <> issued $$,
  'And a system account, which keeps no balance, too');
select is(private.balance_at(tests.the('ada'), now() - interval '1 day'), 0::numeric, 'balance_at: before the first entry → zero');
select results_eq($$ select private.balance_at(tests.the('ada'), 'infinity') $$,
  $$ select balance from public.ledger_accounts where id = tests.the('ada') $$, 'In the end it is the balance that stands there');
select is_empty($$
  select from public.ledger_entries e where e.account_id = tests.the('ada')
    and private.balance_at(e.account_id, e.created_at) <> e.balance_after $$,
  'At the time of each entry it is the balance after it');

select * from finish();
rollback;
