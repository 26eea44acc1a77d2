begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep('client', tests.create_client());
select tests.keep('owner', tests.create_user('customer', tests.the('client')));
select tests.keep('ada', private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'bizcoin'));
select tests.keep('issuance', private.system_account(tests.the('client'), 'issuance', 'bizcoin'));
select tests.keep('revenue', private.system_account(tests.the('client'), 'revenue', 'bizcoin'));
create function pg_temp.give(amount numeric, expires_at timestamptz default null, account text default 'ada')
returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'topup', tests.the('issuance'), tests.the(account), amount,
    gen_random_uuid()::text, expires_at => expires_at)).id
$$;
create function pg_temp.spend(amount numeric) returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'purchase', tests.the('ada'), tests.the('revenue'), amount,
    gen_random_uuid()::text)).id
$$;

create temp table moments (at timestamptz, balance numeric, issued numeric);
do $$
declare
  total numeric := 0;
begin
  for n in 1..40 loop
    if n % 3 = 0 then
      perform pg_temp.spend(n);
    else
      perform pg_temp.give(n);
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
select is(private.balance_at(tests.the('ada'), now() - interval '1 day'), 0::numeric, 'Before the first entry it is nothing');
select results_eq($$ select private.balance_at(tests.the('ada'), 'infinity') $$,
  $$ select balance from public.ledger_accounts where id = tests.the('ada') $$, 'In the end it is the balance that stands there');
select is_empty($$
  select from public.ledger_entries e where e.account_id = tests.the('ada')
    and private.balance_at(e.account_id, e.created_at) <> e.balance_after $$,
  'At the time of each entry it is the balance after it');

select * from finish();
rollback;
