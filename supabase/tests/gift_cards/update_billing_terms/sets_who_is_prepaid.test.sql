begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep(tests.create_promise(6));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('platform', tests.create_user('platform_admin'));
select tests.keep('agent', tests.create_user('agency_admin', tests.the('client')));
create function pg_temp.terms(who text, is_prepaid boolean, client text default null, agency text default null)
returns text language plpgsql as $$
declare
  since timestamptz;
begin
  perform tests.sign_in(tests.the(who));
  since := public.update_billing_terms(agency_id => tests.the(agency), client_id => tests.the(client), is_prepaid => is_prepaid);
  perform tests.sign_out();
  return case when since is null then 'invoice' else 'prepaid' end;
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;
create function pg_temp.claim() returns text language sql as $$
  select coalesce(a ->> 'code', a ->> 'outcome') from tests.provision((select tests.create_recipients(tests.the('campaign')))) a
$$;

select is(pg_temp.claim(), 'ok', 'update_billing_terms: a client on invoice → needs no credit');
select is(pg_temp.terms('agent', true, client => 'client'), 'prepaid', 'update_billing_terms: its agency → makes it prepaid');
select is(pg_temp.claim(), 'GC-006', '… then a card needs credit');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and status <> 'available'), 1,
  '… no card is claimed without');
select is((select count(*)::int from public.billing_transactions where client_id = tests.the('client')), 1, '… nor billed');
select tests.give_credit(tests.the('client'), 25);
select is(pg_temp.claim(), 'ok', 'update_billing_terms: with credit → a card');
select is(pg_temp.terms('agent', false, client => 'client'), 'invoice', '… back on invoice');
select is(pg_temp.claim(), 'ok', '… no credit needed again');
select is(pg_temp.terms('agent', true, agency => 'agency'), 'RB404', 'update_billing_terms: an agency sets its own terms → RB-404');
select is(pg_temp.terms('platform', true, agency => 'agency'), 'prepaid', 'update_billing_terms: the platform → makes it prepaid');
update public.campaigns set billing_entity = 'agency' where id = tests.the('campaign');
select is(pg_temp.claim(), 'GC-006', '… then its campaigns need its credit');
select is(pg_temp.terms('platform', true), 'RB400', 'update_billing_terms: neither client nor agency → RB-400');
select is(pg_temp.terms('platform', null, client => 'client'), 'RB400', '… and either can be set');
select is((select count(*)::int from public.audit_events where action = 'billing_terms.updated'
  and subject_id in (tests.the('client'), tests.the('agency'))), 3, 'update_billing_terms: changed terms are audited');
select is_empty($$ select * from private.bills_off_the_ledger $$, 'update_billing_terms: charged amounts are the billed ones');

select * from finish();
rollback;
