begin;
set local search_path = public, extensions, tests;
select plan(29);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('platform', tests.create_user('platform_admin'));
select tests.keep('agent', tests.create_user('agency_admin', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
create function pg_temp.as(who text) returns void language sql as $$
  select tests.sign_out(); select tests.sign_in(tests.the(who))
$$;
create function pg_temp.credit(owner text) returns numeric language sql as $$
  select b.available from public.wallet_balances b where b.owner_id = tests.the(owner) and b.asset = 'credit:USD'
$$;
grant execute on function pg_temp.credit(text), pg_temp.as(text) to authenticated;

select pg_temp.as('platform');
select is((public.allocate_credit(1000, agency_id => tests.the('agency'), idempotency_key => 'first')).transfer_type,
  'allocation', 'The platform gives credit to an agency');
select is((public.allocate_credit(1000, agency_id => tests.the('agency'), idempotency_key => 'first')).transfer_type,
  'allocation', 'The same key again …');
select is(pg_temp.credit('agency'), 1000.00, '… gives nothing more');
select is((select count(*)::int from public.audit_events where action = 'credit.allocated' and subject_id = tests.the('agency')), 1,
  'allocate_credit: the same key again → one audit event');
select throws_ok($$ select public.allocate_credit(1000, agency_id => tests.the('agency'), idempotency_key => '') $$, 'RB400',
  'idempotency_key must be 1 to 255 characters and not blank', 'allocate_credit: an empty key, which every caller would share → RB-400');
select throws_ok($$ select public.allocate_credit(999, agency_id => tests.the('agency'), idempotency_key => 'first') $$, 'RB409',
  null, 'And another amount with it is refused');

select pg_temp.as('agent');
select throws_ok($$ select public.allocate_credit(1, agency_id => tests.the('agency')) $$, 'RB404', null,
  'An agency gives itself nothing');
select lives_ok($$ select public.allocate_credit(600.50, client_id => tests.the('client'), description => 'March') $$,
  'It gives its client of its own');
select is(pg_temp.credit('client'), 600.50, 'The client has it');
select is(pg_temp.credit('agency'), 399.50, 'The agency has it no more');
select throws_ok($$ select public.allocate_credit(399.51, client_id => tests.the('client')) $$, 'GC006', 'Insufficient credits',
  'A cent more than it has is refused');
select throws_ok($$ select public.allocate_credit(1, client_id => tests.the('client'), currency => 'EUR') $$, 'GC006', null,
  'In each currency by itself');
select throws_ok($$ select public.allocate_credit(0, client_id => tests.the('client')) $$, 'RB400', null, 'Nothing is not given');
select throws_ok($$ select public.allocate_credit(0.001, client_id => tests.the('client')) $$, 'RB400', null, 'Nor parts of cents');
select throws_ok($$ select public.allocate_credit(1) $$, 'RB400', null, 'Nor to nobody');

select pg_temp.as('admin');
select throws_ok($$ select public.return_credit(1, client_id => tests.the('client')) $$, 'RB403', null,
  'A client does not move credit');
select is(pg_temp.credit('client'), 600.50, 'It reads its own');
select is(pg_temp.credit('agency'), null, 'And not its agency''s');
select is((select count(*)::int from public.ledger_entries), 1, 'Of an allocation it reads its own side');
select isnt_empty($$ select * from public.ledger_transfers where description = 'March' $$, 'And what it was for');

select pg_temp.as('agent');
select lives_ok($$ select public.return_credit(100.50, client_id => tests.the('client')) $$, 'What is free goes back up');
select throws_ok($$ select public.return_credit(500.01, client_id => tests.the('client')) $$, 'GC006', null, 'And no more than that');
select is(pg_temp.credit('agency'), 500.00, 'To the agency');
select isnt_empty($$ select e.* from public.ledger_entries e join public.ledger_lots l on l.account_id = e.account_id
  where e.client_id is null $$, 'Which reads the entries and lots of its own account');
select pg_temp.as('platform');
select lives_ok($$ select public.return_credit(500, agency_id => tests.the('agency')) $$, 'And from there to the platform');
select tests.sign_out();
select is(private.balance_at(private.system_account(null, 'issuance', 'credit:USD'), 'infinity'), -500.00,
  'What is out is what the platform issued');
select is((select count(*)::int from public.audit_events where action in ('credit.allocated', 'credit.returned')
  and subject_id in (tests.the('client'), tests.the('agency'))), 4, 'All of it is audited');
select tests.keep('foreign', tests.create_user('agency_admin', tests.create_client()));
select tests.sign_in(tests.the('foreign'));
select is_empty('select * from public.ledger_accounts', 'Another agency sees nothing of it');
select tests.sign_out();
select is_empty('select * from private.ledger_imbalances', 'The books balance');

select * from finish();
rollback;
