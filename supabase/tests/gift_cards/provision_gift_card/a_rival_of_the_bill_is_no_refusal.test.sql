-- A deadlock while the bill is recorded undoes the whole request, which is repeated; GC-007 would tell its caller to do so.
begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_promise());
create function pg_temp.meet_a_rival() returns trigger language plpgsql as $$
begin
  raise exception 'a rival' using errcode = current_setting('tests.state');
end $$;
create trigger meet_a_rival before insert on public.billing_transactions for each row execute function pg_temp.meet_a_rival();

set local tests.state = '40P01';
select throws_ok('select tests.provision(tests.the(''recipient''))', '40P01', null, 'provision_gift_card: a deadlock at the bill → 40P01');
set local tests.state = '40001';
select throws_ok('select tests.provision(tests.the(''recipient''))', '40001', null, '… a serialization failure → 40001');
select is_empty('select from public.gift_card_provisioning_trace where recipient_id = tests.the(''recipient'')', '… nothing is recorded');
drop trigger meet_a_rival on public.billing_transactions;
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', '… repeated → the card is provisioned');

select * from finish();
rollback;
