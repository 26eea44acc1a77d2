begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_promise(3));
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
update public.campaign_recipients set phone = '+12025550161' where id = tests.the('recipient');

create function pg_temp.agreed(phone text) returns boolean language sql as $$
  select private.has_agreed(r, agreed.phone) from public.campaign_recipients r where r.id = tests.the('recipient')
$$;
create function pg_temp.give(phone text) returns text language sql as $$
  select coalesce(a ->> 'code', 'given') from tests.provision(tests.the('recipient'), deliver_to => give.phone) a
$$;

select ok(not pg_temp.agreed('+12025550161'), 'A phone that has said nothing has not agreed');
update public.campaign_recipients set sms_opted_in_at = now() where id = tests.the('recipient');
select ok(pg_temp.agreed('+12025550161'), 'What was noted with the recipient counts for the recipient''s phone');
select ok(not pg_temp.agreed('+12025550162'), 'and for no other');
update public.campaign_recipients set sms_opted_in_at = null where id = tests.the('recipient');

-- another phone than the recipient's is asked, and agrees
select tests.ask_for_consent(tests.the('recipient'), phone => '+12025550162');
select tests.write_sms('+12025550162', 'YES', 'opt_in');
select ok((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')) is not null, 'The recipient is verified');
select is(pg_temp.give('+12025550161'), 'GC-009', 'GC-009: the recipient''s own phone has not agreed');
select is(pg_temp.give('+12025550162'), 'given', 'The phone that has agreed gets the card');

-- the recipient has a new phone
select tests.keep('recipient', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = '+12025550163' where id = tests.the('recipient');
select tests.ask_for_consent(tests.the('recipient'));
select tests.write_sms('+12025550163', 'YES', 'opt_in');
update public.campaign_recipients set phone = '+12025550164' where id = tests.the('recipient');
select is((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')), null, 'Consent stays with the phone');
select is(pg_temp.give('+12025550164'), 'GC-009', 'GC-009: the new phone has not agreed');
update public.campaign_recipients set phone = '+12025550163' where id = tests.the('recipient');
select ok((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')) is not null,
  'and is there again with it');
select is(pg_temp.give('+12025550163'), 'given', 'which gets the card');
update public.campaign_recipients set first_name = 'Anna' where id = tests.the('recipient');
select ok((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')) is not null,
  'Another name takes no consent away');
select tests.write_sms('+12025550163', 'STOP', 'opt_out');
select ok(not pg_temp.agreed('+12025550163'), 'Who takes it back has not agreed');

select * from finish();
rollback;
