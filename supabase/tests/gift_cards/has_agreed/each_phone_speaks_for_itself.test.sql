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

select ok(not pg_temp.agreed('+12025550161'), 'has_agreed: an unknown phone → false');
update public.campaign_recipients set sms_opted_in_at = now() where id = tests.the('recipient');
select ok(pg_temp.agreed('+12025550161'), 'has_agreed: consent recorded with the recipient → counts for the recipient''s phone');
select ok(not pg_temp.agreed('+12025550162'), '… and for no other');
update public.campaign_recipients set sms_opted_in_at = null where id = tests.the('recipient');

-- another phone than the recipient's is asked, and agrees
select tests.ask_for_consent(tests.the('recipient'), phone => '+12025550162');
select tests.write_sms('+12025550162', 'YES', 'opt_in');
select ok((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')) is not null, 'has_agreed: the recipient is verified');
select is(pg_temp.give('+12025550161'), 'GC-009', 'provision_gift_card: the recipient''s own phone has not agreed → GC-009');
select is(pg_temp.give('+12025550162'), 'given', 'provision_gift_card: a phone that has agreed → the card');

-- the recipient has a new phone
select tests.keep('recipient', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = '+12025550163' where id = tests.the('recipient');
select tests.ask_for_consent(tests.the('recipient'));
select tests.write_sms('+12025550163', 'YES', 'opt_in');
update public.campaign_recipients set phone = '+12025550164' where id = tests.the('recipient');
select is((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')), null, 'has_agreed: consent belongs to the phone');
select is(pg_temp.give('+12025550164'), 'GC-009', 'provision_gift_card: the new phone has not agreed → GC-009');
update public.campaign_recipients set phone = '+12025550163' where id = tests.the('recipient');
select ok((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')) is not null,
  '… the old phone still has its consent');
select is(pg_temp.give('+12025550163'), 'given', '… and gets the card');
update public.campaign_recipients set first_name = 'Anna' where id = tests.the('recipient');
select ok((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')) is not null,
  'has_agreed: a changed name → consent stays');
select tests.write_sms('+12025550163', 'STOP', 'opt_out');
select ok(not pg_temp.agreed('+12025550163'), 'has_agreed: an opt-out → no consent');

select * from finish();
rollback;
