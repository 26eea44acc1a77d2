-- Recipients come from files: an address in them may be no address.
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(2));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select is(public.import_recipients(tests.the('campaign'), '[{"firstName": "Ada", "email": "not an address"}]')
  #>> '{rows,0,outcome}', 'rejected', 'import_recipients: an invalid e-mail address → rejected');
select is(public.import_recipients(tests.the('campaign'), '[{"firstName": "Ada", "phone": "555-0100"}]')
  #>> '{rows,0,outcome}', 'rejected', 'import_recipients: a phone that is not E.164 → rejected');
select tests.sign_out();

select throws_ok('update public.campaign_recipients set email = ''n/a'' where id = tests.the(''recipient'')', '23514', null,
  'provision_gift_card: an unusable address → not used as the other channel');
select lives_ok($$ select tests.keep('answer', tests.provision(tests.the('recipient'), delivery_method => 'email',
  deliver_to => 'nowhere')) $$,
  'provision_gift_card: an impossible address is no failure of ours');
select is(tests.kept('answer') ->> 'code', 'GC-012', 'provision_gift_card: an unusable address in the request → GC-012');

select * from finish();
rollback;
