begin;
set local search_path = public, extensions, tests;
select plan(58);

select tests.keep_ledger();

select tests.give(10);
select tests.spend(1);
select private.reserve_hold(tests.the('ada'), 2, now() + interval '1 hour', 'hold');
-- the same with another owner and client, as the other side of the fence
select tests.keep('foreign', tests.create_client());
select tests.keep('eve', tests.create_user('customer', tests.the('foreign')));
select tests.keep('eves', private.ledger_account(tests.the('foreign'), 'user', tests.the('eve'), 'bizcoin'));
select private.post_transfer(tests.the('foreign'), 'topup', private.system_account(tests.the('foreign'), 'issuance',
  'bizcoin'), tests.the('eves'), 10, 'eve');
select private.reserve_hold(tests.the('eves'), 2, now() + interval '1 hour', 'hold');

create temp table expected (relation text, owner int, admin int, platform int);
insert into expected values
  ('ledger_accounts', 1, 3, 5), ('ledger_transfers', 2, 2, 3), ('ledger_entries', 2, 4, 6), ('ledger_lots', 1, 1, 2),
  ('ledger_holds', 1, 1, 2), ('wallet_balances', 1, 1, 2), ('bizpoints_transactions', 2, 2, 3);
create temp table personas as
  select 'the owner' as persona, tests.the('owner') as id
  union all select 'an admin of the client', tests.create_user('client_admin', tests.the('client'))
  union all select 'an agency admin', tests.create_user('agency_admin', tests.the('client'))
  union all select 'a platform admin', tests.create_user('platform_admin')
  union all select 'another customer', tests.create_user('customer', tests.the('client'))
  union all select 'a call agent', tests.create_user('call_agent', tests.the('client'))
  union all select 'a dealer', tests.create_user('dealer', tests.the('client'))
  union all select 'an unrelated user', tests.create_user();

create function pg_temp.seen(relation text, reader uuid) returns int language plpgsql as $$
declare
  seen int;
begin
  perform tests.sign_in(reader);
  execute format('select count(*) from public.%I where client_id in (%L, %L)', relation, tests.the('client'),
    tests.the('foreign')) into seen;
  perform tests.sign_out();
  return seen;
end $$;

select is(pg_temp.seen(e.relation, p.id), case when p.persona = 'the owner' then e.owner
  when p.persona in ('an admin of the client', 'an agency admin') then e.admin
  when p.persona = 'a platform admin' then e.platform else 0 end, format('%s: what %s sees', e.relation, p.persona))
from expected e, personas p;

select tests.sign_in(tests.the('owner'));
select throws_ok('update public.ledger_accounts set balance = 1000000', '42501', null, 'ledger_accounts: update by a customer → 42501');
select throws_ok('select private.post_transfers(''{}'')', '42501', null, 'post_transfers: a customer → 42501');
select tests.sign_out();

select * from finish();
rollback;
