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
  'allocation', 'allocate_credit: the platform → allocates to an agency');
select is((public.allocate_credit(1000, agency_id => tests.the('agency'), idempotency_key => 'first')).transfer_type,
  'allocation', 'allocate_credit: the same key again …');
select is(pg_temp.credit('agency'), 1000.00, '… gives nothing more');
select is((select count(*)::int from public.audit_events where action = 'credit.allocated' and subject_id = tests.the('agency')), 1,
  'allocate_credit: the same key again → one audit event');
select throws_ok($$ select public.allocate_credit(1000, agency_id => tests.the('agency'), idempotency_key => '') $$, 'RB400',
  'idempotency_key must be 1 to 255 characters and not blank', 'allocate_credit: an empty key, which every caller would share → RB-400');
select throws_ok($$ select public.allocate_credit(999, agency_id => tests.the('agency'), idempotency_key => 'first') $$, 'RB409',
  null, 'allocate_credit: the same key with another amount → RB-409');

select pg_temp.as('agent');
select throws_ok($$ select public.allocate_credit(1, agency_id => tests.the('agency')) $$, 'RB404', null,
  'allocate_credit: an agency to itself → refused');
select lives_ok($$ select public.allocate_credit(600.50, client_id => tests.the('client'), description => 'March') $$,
  'allocate_credit: an agency → allocates its own credit to its client');
select is(pg_temp.credit('client'), 600.50, '… the client has it');
select is(pg_temp.credit('agency'), 399.50, '… the agency no longer has it');
select throws_ok($$ select public.allocate_credit(399.51, client_id => tests.the('client')) $$, 'GC006', 'Insufficient credits',
  'allocate_credit: more than the agency has → GC-006');
select throws_ok($$ select public.allocate_credit(1, client_id => tests.the('client'), currency => 'EUR') $$, 'GC006', null,
  'allocate_credit: currencies are kept apart');
select throws_ok($$ select public.allocate_credit(0, client_id => tests.the('client')) $$, 'RB400', null, 'allocate_credit: zero → RB-400');
select throws_ok($$ select public.allocate_credit(0.001, client_id => tests.the('client')) $$, 'RB400', null, '… nor fractions of cents');
select throws_ok($$ select public.allocate_credit(1) $$, 'RB400', null, '… nor to no account');

select pg_temp.as('admin');
select throws_ok($$ select public.return_credit(1, client_id => tests.the('client')) $$, 'RB403', null,
  'allocate_credit: a client → may not allocate');
select is(pg_temp.credit('client'), 600.50, 'allocate_credit: a client reads its own credit');
select is(pg_temp.credit('agency'), null, '… and not its agency''s');
select is((select count(*)::int from public.ledger_entries), 1, 'allocate_credit: each side reads its own part of an allocation');
select isnt_empty($$ select * from public.ledger_transfers where description = 'March' $$, '… and its reason');

select pg_temp.as('agent');
select lives_ok($$ select public.return_credit(100.50, client_id => tests.the('client')) $$,
  'allocate_credit: free credit → can be returned to the level above');
select throws_ok($$ select public.return_credit(500.01, client_id => tests.the('client')) $$, 'GC006', null, '… and no more than that');
select is(pg_temp.credit('agency'), 500.00, '… to the agency');
select isnt_empty($$ select e.* from public.ledger_entries e join public.ledger_lots l on l.account_id = e.account_id
  where e.client_id is null $$, 'allocate_credit: an agency reads the entries and lots of its own account');
select pg_temp.as('platform');
select lives_ok($$ select public.return_credit(500, agency_id => tests.the('agency')) $$, '… and from there to the platform');
select tests.sign_out();
select is(private.balance_at(private.system_account(null, 'issuance', 'credit:USD'), 'infinity'), -500.00,
  'allocate_credit: allocated credit = what the platform issued');
select is((select count(*)::int from public.audit_events where action in ('credit.allocated', 'credit.returned')
  and subject_id in (tests.the('client'), tests.the('agency'))), 4, 'allocate_credit: all of it is audited');
select tests.keep('foreign', tests.create_user('agency_admin', tests.create_client()));
select tests.sign_in(tests.the('foreign'));
select is_empty('select * from public.ledger_accounts', 'allocate_credit: another agency reads none of it');
select tests.sign_out();
select is_empty('select * from private.ledger_imbalances', 'allocate_credit: the books balance');

select * from finish();
rollback;
