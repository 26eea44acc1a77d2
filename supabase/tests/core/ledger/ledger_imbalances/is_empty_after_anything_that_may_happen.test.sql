begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep_ledger();

select tests.keep('bob', private.ledger_account(tests.the('client'), 'user', gen_random_uuid(), 'bizcoin'));
create temp table happened (what text, outcome text);

-- a random step; a refusal is an outcome like any other
create function pg_temp.step(what int) returns text language plpgsql as $$
declare
  accounts uuid[] := array[tests.the('ada'), tests.the('bob')];
  one uuid := accounts[1 + floor(random() * 2)::int];
  other uuid := accounts[1 + floor(random() * 2)::int];
  size int := 1 + floor(random() * 30)::int;
  key text := gen_random_uuid();
begin
  case what
    when 0 then perform private.post_transfer(tests.the('client'), 'topup', tests.the('issuance'), one, size, key,
      expires_at => case when random() < 0.5 then now() + size * interval '1 minute' end);
    when 1 then perform private.post_transfer(tests.the('client'), 'purchase', one, tests.the('revenue'), size, key);
    when 2 then perform private.post_transfer(tests.the('client'), 'gift', one, accounts[1 + (one = accounts[1])::int],
      size, key);
    when 3 then perform private.reserve_hold(one, size, now() + size * interval '1 minute', key);
    when 4 then perform private.capture_hold(h.id, tests.the('revenue'), nullif(least(size, h.amount), 7))
      from (select * from public.ledger_holds order by random() limit 1) h;
    when 5 then perform private.release_hold(h.id) from (select * from public.ledger_holds order by random() limit 1) h;
    when 6 then perform private.reverse_transfer(t.id, nullif(size % 5, 0), key)
      from (select * from public.ledger_transfers order by random() limit 1) t;
    when 7 then perform private.expire_lots(now() + 3 * interval '1 minute', 2);
    when 8 then perform private.release_expired_holds(now() + 5 * interval '1 minute', 2);
    when 9 then update public.ledger_lots set expires_at = now() - interval '1 minute'
      where id = (select id from public.ledger_lots where expires_at is not null order by random() limit 1);
  end case;
  return 'done';
exception when others then
  if sqlstate not like 'WL%' then
    raise;
  end if;
  return sqlstate;
end $$;

select setseed(0.42);
do $$
begin
  for n in 1..1500 loop
    declare
      what int := floor(random() * 10);
    begin
      insert into happened values (what, pg_temp.step(what));
    end;
  end loop;
end $$;
select is_empty('select * from private.ledger_imbalances', 'ledger_imbalances: after 1,500 random operations → empty');
select is_empty('select * from public.wallet_balances where available < 0 or balance <> available + held',
  'wallet_balances: after random operations → no negative balance');
select set_eq($$ select distinct outcome from happened $$,
  $$ values ('WL001'), ('WL002'), ('WL003'), ('done') $$, 'random operations: each refusal occurs');
select is((select count(distinct what)::int from happened where outcome = 'done'), 10, 'random operations: each kind succeeds');
select is((select sum(amount) from public.ledger_entries), 0.00, 'ledger_entries: after random operations → sum to zero');
select cmp_ok((select count(*)::int from public.ledger_transfers), '>', 300, 'ledger_transfers: random operations → more than 300');

select * from finish();
rollback;
