-- The billed price is in the answer to servers and to the admins of the billing entity: never to a visitor or an agent, and
-- not to a client's admin when its agency pays.
begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise(20));
select tests.keep('client_admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));
select tests.keep('platform_admin', tests.create_user('platform_admin'));
select tests.keep('call_agent', tests.create_user('call_agent', tests.the('client')));

select tests.keep('visitor', tests.create_recipients(tests.the('campaign')));
create function pg_temp.someone() returns uuid language sql as $$ select tests.create_recipients(tests.the('campaign')) $$;
create function pg_temp.told(who text default null) returns jsonb language sql as $$
  select tests.provision(pg_temp.someone(), case when who is not null then tests.the(who) end) #> '{result,billing,price}'
$$;

select is(pg_temp.told(), '25.00', 'provision_gift_card: a server reads what was billed');
select is(pg_temp.told('client_admin'), '25.00', 'provision_gift_card: a client admin reads what the client pays');
select is(tests.redeem(tests.redemption_token(tests.the('visitor'))) #> '{result,billing}', 'null',
  'provision_gift_card: a visitor of a form reads no bill');
select is(tests.provision_for_caller(tests.the('call_agent'), recipient_id => pg_temp.someone()) #> '{result,billing}', 'null',
  'provision_gift_card: an agent reads no bill');

update public.campaigns set billing_entity = 'agency' where id = tests.the('campaign');
select is(pg_temp.told('client_admin'), null, 'provision_gift_card: a client admin does not read what the agency pays');
select is(pg_temp.told('agency_admin'), '25.00', 'provision_gift_card: an agency admin does');
select is(pg_temp.told('platform_admin'), '25.00', 'provision_gift_card: a platform admin does');
select is(pg_temp.told(), '25.00', 'provision_gift_card: a server does');
select is((select count(*)::int from public.billing_transactions where campaign_id = tests.the('campaign')), 8,
  'provision_gift_card: all are billed, shown or not');

select * from finish();
rollback;
