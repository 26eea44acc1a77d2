-- Codes for printing: whole, in pages, recorded, for admins and servers.
begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep(tests.create_promise(1));
select count(*) from tests.create_recipients(tests.the('campaign'), 4);
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.provision(tests.the('recipient'));
select tests.keep('expected', (select jsonb_object_agg(recipient_id, redemption_token) from public.recipient_codes
  where campaign_id = tests.the('campaign')));

select tests.sign_in(tests.the('admin'));
create function pg_temp.codes(answer jsonb) returns jsonb language sql as $$
  select jsonb_object_agg(r ->> 'recipientId', r ->> 'redemptionCode') from jsonb_array_elements(answer -> 'rows') r
$$;
select tests.keep('whole', public.export_redemption_codes(tests.the('campaign')));
select is(pg_temp.codes(tests.kept('whole')), tests.kept('expected'), 'export_redemption_codes: every code of the campaign');
select is(tests.kept('whole') -> 'nextAfterId', 'null', 'export_redemption_codes: the last page → nextAfterId is null');
select is((select jsonb_agg(r -> 'recipientId') from jsonb_array_elements(tests.kept('whole') -> 'rows') r
  where (r ->> 'isUsed')::boolean), jsonb_build_array(tests.the('recipient')),
  'export_redemption_codes: isUsed for the code that was redeemed');
select tests.keep('one', public.export_redemption_codes(tests.the('campaign'), page_size => 3));
select tests.keep('two', public.export_redemption_codes(tests.the('campaign'), (tests.kept('one') ->> 'nextAfterId')::uuid, 3));
select is(jsonb_array_length(tests.kept('one') -> 'rows') || ' ' || jsonb_array_length(tests.kept('two') -> 'rows'), '3 2',
  'export_redemption_codes: pages of three → three and two');
select is(pg_temp.codes(tests.kept('one')) || pg_temp.codes(tests.kept('two')), tests.kept('expected'),
  'export_redemption_codes: the pages together → every code once');
select throws_ok($$ select public.export_redemption_codes(tests.the('campaign'), page_size => 10001) $$, 'RB400', null,
  'export_redemption_codes: a page above 10,000 → RB-400');
select tests.sign_out();
select results_eq($$ select actor_id, metadata -> 'recipients' from public.audit_events
  where action = 'redemption_codes.exported' and subject_id = tests.the('campaign') order by id $$,
  $$ values (tests.the('admin'), '5'::jsonb), (tests.the('admin'), '3'), (tests.the('admin'), '2') $$,
  'export_redemption_codes: an audit row for each page');

select set_config('role', 'service_role', true);
select is(jsonb_array_length(public.export_redemption_codes(tests.the('campaign')) -> 'rows'), 5,
  'export_redemption_codes: by a server → every code');
select set_config('role', 'none', true);
select tests.sign_in(tests.the('agent'));
select throws_ok($$ select public.export_redemption_codes(tests.the('campaign')) $$, 'RB403', null,
  'export_redemption_codes: an agent → RB-403');
select tests.sign_out();
select is((select actor_id from public.audit_events where action = 'redemption_codes.exported'
  and subject_id = tests.the('campaign') order by id desc limit 1), null, 'export_redemption_codes: by a server → no actor');

select * from finish();
rollback;
