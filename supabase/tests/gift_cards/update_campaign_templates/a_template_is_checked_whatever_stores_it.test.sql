begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep(tests.create_promise());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));

-- The SQLSTATE and the fields of a refusal, or ok.
create function pg_temp.try(statement text, is_signed_in boolean default true) returns text language plpgsql as $$
declare
  detail text;
  told text := 'ok';
begin
  if is_signed_in then
    perform tests.sign_in(tests.the('admin'));
  end if;
  begin
    execute statement;
  exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    told := concat_ws(' ', sqlstate, (
      select string_agg(distinct f ->> 'field', ',' order by f ->> 'field') from jsonb_array_elements(detail::jsonb -> 'fields') f));
  end;
  perform tests.sign_out();
  return told;
end $$;
create function pg_temp.templates() returns text language sql as $$
  select concat_ws(' | ', coalesce(sms_template, '-'), coalesce(email_subject, '-'), coalesce(email_template, '-'), sms_encoding, sms_segments)
  from public.campaigns where id = tests.the('campaign')
$$;

-- create
select is(pg_temp.try(format('select public.create_campaign(%L, %L, sms_template => %L)', tests.the('client'), 'C', t.body)),
  'RB400 sms_template', 'create_campaign: sms_template ' || t.described || ' → RB-400')
from (values ('Your code: {{cod}} enjoy', 'with an unknown tag'), ('Hello', 'without the code'), ('{code}', 'with single braces'),
  (repeat('x', 5000) || '{{code}}', 'of 5,000 characters')) t (body, described);
select is(pg_temp.try(format('select public.create_campaign(%L, %L, email_template => %L, email_subject => %L)', tests.the('client'), 'C',
  'Hello', '{{code}}')), 'RB400 email_subject,email_template', 'create_campaign: e-mail texts → RB-400, each named');
select is(pg_temp.try(format('select public.create_campaign(%L, %L, sms_template => %L)', tests.the('client'), 'C', '{{ code }}')), 'ok',
  'create_campaign: {{ code }} → ok');
select throws_ok(format('insert into public.campaigns (client_id, campaign_name, sms_template) values (%L, ''C'', ''Hello'')', tests.the('client')),
  'RB400', 'sms_template: has neither {{code}} nor {{claim_url}}: the recipient would get no card',
    'update_campaign_templates: an operator''s insert → RB-400');

-- update
select is(pg_temp.try(format('select public.update_campaign_templates(%L, %L)', tests.the('campaign'), 'Hi {{firstname}}: {{code}}')),
  'RB400 sms_template', 'update_campaign_templates: an unknown tag → RB-400');
select is(pg_temp.templates(), '- | - | -', '… nothing is stored');
select is(pg_temp.try(format('select public.update_campaign_templates(%L, %L)', tests.the('campaign'), 'Hi {{first_name}}: {{code}}')),
  'ok', 'update_campaign_templates: a text with the code → ok');
select is(pg_temp.templates(), 'Hi {{first_name}}: {{code}} | - | - | GSM-7 | 1', '… the answer has encoding and segments');
select is(pg_temp.try(format('select public.update_campaign_templates(%L, email_subject => %L, email_template => %L)', tests.the('campaign'),
  'Your {{value}}', '{{claim_url}}')), 'ok', 'update_campaign_templates: what is left out stays');
select is(pg_temp.templates(), 'Hi {{first_name}}: {{code}} | Your {{value}} | {{claim_url}} | GSM-7 | 1',
  'update_campaign_templates: a valid template → stored');
select is(pg_temp.try(format('select public.update_campaign_templates(%L, %L)', tests.the('campaign'), '🎁 {{first_name}}, {{brand}} for you: '
  '{{code}}, at {{redemption_url}}')), 'ok', 'update_campaign_templates: an emoji → ok');
select matches(pg_temp.templates(), 'UCS-2 \| 2$', '… with the notice that it is sent as UCS-2');
select is(pg_temp.try(format('select public.update_campaign_templates(%L, %L)', tests.the('campaign'), ' ')), 'ok',
  'update_campaign_templates: an empty text → the default again');
select is(pg_temp.templates(), '- | Your {{value}} | {{claim_url}}', '… stored');
select is((select count(*)::int from public.audit_events where action = 'campaign.templates_updated' and subject_id = tests.the('campaign')
  and actor_id = tests.the('admin')), 4, 'update_campaign_templates: each change is audited');
select throws_ok(format('update public.campaigns set email_template = ''Hello'' where id = %L', tests.the('campaign')), 'RB400', null,
  'update_campaign_templates: an operator''s update → RB-400');
select is(pg_temp.try($$ select public.check_message_template('{{cod}}', 'email') $$), 'ok', 'check_message_template: an unknown tag → answered, no refusal');
select tests.sign_in(tests.the('admin'));
select is((public.check_message_template('{{cod}}') -> 'problems' ->> 0), '{{cod}} is not a merge tag: did you mean {{code}}?', '… names the problem');
select tests.sign_out();

-- an SMS that became too long all the same is not sent: the card takes the other channel, and one alert names the campaign
select tests.keep('delivery', tests.provision(tests.the('recipient')) #> '{result,delivery,id}');
select tests.report(tests.lease(tests.the('delivery')), 'permanent', null, 'message_too_long', 'The SMS has 1700 characters');
select row_eq($$ select alert_type, client_id, resolved_at from public.system_alerts where subject = tests.the('campaign')::text $$,
  row('message_too_long'::text, tests.the('client'), null::timestamptz), 'complete_delivery_attempt: message_too_long → an alert for the campaign');
select is(pg_temp.try(format('select public.update_campaign_templates(%L, %L)', tests.the('campaign'), '{{code}}')), 'ok',
  'update_campaign_templates: a corrected template → stored');
select isnt((select resolved_at from public.system_alerts where subject = tests.the('campaign')::text), null,
  'update_campaign_templates: the alert is resolved');

select * from finish();
rollback;
