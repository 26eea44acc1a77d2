begin;
set local search_path = public, extensions, tests;
select plan(39);

create function pg_temp.opted_in(recipient text) returns boolean language sql as $$
  select sms_opted_in_at is not null from public.campaign_recipients where id = tests.the(recipient)
$$;

select tests.keep(tests.create_promise());
select tests.keep('client2', tests.create_client());
select tests.keep('theirs', tests.create_recipients(tests.create_campaign(tests.the('client2'), tests.the('brand'))));
select tests.keep('stranger', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = '+12025550121' where id in (tests.the('recipient'), tests.the('theirs'));
-- the client that a reply belongs to is the one that knew the phone last
update public.campaign_recipients set created_at = now() - interval '1 hour' where id = tests.the('theirs');
update public.campaign_recipients set phone = '+12025550122' where id = tests.the('stranger');

-- yes to a request
select tests.ask_for_consent(tests.the('recipient'));
select is(tests.write_sms('+12025550121', 'YES', 'opt_in', answered => true) #>> '{result,answer}', null,
  'receive_sms: keywords that Twilio answers → not answered');
select ok(pg_temp.opted_in('recipient'), 'receive_sms: YES → opt-in with the client that asked');
select ok(not pg_temp.opted_in('theirs'), '… and with no other client');
select ok(not pg_temp.opted_in('stranger'), 'receive_sms: YES from another phone → no opt-in');
select row_eq($$ select recipient_id, source, wording, wording_version, provider_message_id is not null from public.consents
  where client_id = tests.the('client') and action = 'opted_in' $$,
  row(tests.the('recipient'), 'sms_reply'::text, 'Client: reply YES'::text, 'v1'::text, true),
  'receive_sms: the proof has the words of the request, and the reply');
select is((private.open_request('sms', '+12025550121')).id, null, 'receive_sms: the request is answered');
select tests.keep('sister', tests.create_recipients(tests.the('campaign')));
insert into public.campaign_recipients (client_id, campaign_id, phone) values (tests.the('client'), tests.the('campaign'), '+12025550121');
select is((select count(*)::int from public.campaign_recipients where client_id = tests.the('client') and phone = '+12025550121'
  and sms_opted_in_at is not null), 2, 'receive_sms: a recipient imported later with that phone → has agreed');

-- twice the same message
select tests.keep('stop', tests.write_sms('+12025550121', 'please stop', 'opt_out', 'SM-stop'));
select is(tests.kept('stop') #>> '{result,answer}', 'opt_out', 'receive_sms: a plain-language opt-out → confirmed by SMS');
select is(tests.write_sms('+12025550121', 'please stop', 'opt_out', 'SM-stop'), tests.kept('stop'),
  'receive_sms: the same message again → the same answer');
select is((select count(*)::int from public.inbound_messages where provider_message_id = 'SM-stop'), 1, '… recorded once');
select ok(not pg_temp.opted_in('recipient'), '… the consent ends');
select ok(private.is_opted_out('sms', '+12025550121'), '… nothing is leased to the phone');
select set_eq($$ select client_id, action, source, wording from public.consents where address = '+12025550121' and action = 'opted_out' $$,
  $$ values (tests.the('client'), 'opted_out', 'sms_reply', 'please stop'),
    (tests.the('client2'), 'opted_out', 'sms_reply', 'please stop') $$,
  'receive_sms: each client that has the phone → the proof');
select is(tests.write_sms('+12025550121', 'stop it!', 'opt_out') #>> '{result,answer}', null,
  'receive_sms: an opt-out is confirmed once');
select is((select count(*)::int from public.inbound_messages where phone = '+12025550121'), 3, 'receive_sms: every message is stored');
select is(tests.provision(tests.the('recipient'), deliver_to => '+12025550121') ->> 'outcome', 'ok',
  'receive_sms: an opted-out recipient → the card is provisioned all the same');
select is(tests.lease((select id from public.deliveries where topic = 'gift_card')), null, '… not by SMS');
select is((select channel from public.deliveries where topic = 'gift_card' and status = 'queued'), 'email',
  '… by the other channel');
select is(tests.ask_for_consent(tests.the('recipient')) ->> 'code', 'RB-400', 'request_sms_opt_in: after an opt-out → RB-400');

-- a START that was said before the STOP that is here already
update public.contact_opt_outs set said_at = now() + interval '1 hour' where address = '+12025550121';
select tests.write_sms('+12025550121', 'START', 'opt_in');
select ok(private.is_opted_out('sms', '+12025550121'), 'receive_sms: a later STOP stays the latest preference');
select is((private.last_consent(tests.the('client'), 'sms', '+12025550121')).action, 'opted_out', '… and no proof contradicts it');
update public.contact_opt_outs set said_at = now() where address = '+12025550121';

-- start
select is(tests.write_sms('+12025550121', 'START please', 'opt_in') #>> '{result,answer}', 'opt_in', 'receive_sms: START → confirmed by SMS');
select ok(not private.is_opted_out('sms', '+12025550121'), 'receive_sms: START → lifts the opt-out');
select ok(pg_temp.opted_in('recipient'), '… and restores the consent');
select ok(not pg_temp.opted_in('theirs'), '… but no consent that was never given');
select tests.ask_for_consent(tests.the('theirs'));
select is(tests.write_sms('+12025550121', 'Y', 'other') #>> '{result,answer}', null, 'receive_sms: an ambiguous reply → not answered');
select ok(not pg_temp.opted_in('theirs'), '… no consent');
select is((select meaning from public.inbound_messages where body = 'Y'), 'other', '… stored for staff to decide');
select tests.write_sms('+12025550121', 'yes', 'opt_in');
select ok(pg_temp.opted_in('theirs'), 'receive_sms: a second request → answered by a second YES');

-- whose message it is
select tests.keep('delivery', (tests.provision(tests.the('stranger'), deliver_to => '+12025550122', condition_number => 1)
  #>> '{result,delivery,id}'));
select tests.add_cards(tests.the('pool'), 3);
select tests.provision(tests.the('stranger'), deliver_to => '+12025550122');
select tests.lease((select id from public.deliveries where deliver_to = '+12025550122' and topic = 'gift_card'));
select tests.write_sms('+12025550122', 'the code does not work', 'other');
select row_eq($$ select client_id, recipient_id from public.inbound_messages where phone = '+12025550122' $$,
  row(tests.the('client'), tests.the('stranger')), 'receive_sms: a reply belongs to the client that wrote to the phone last');
select is(tests.write_sms('+12025550129', 'HELP', 'help') #>> '{result,answer}', 'help', 'receive_sms: HELP of an unknown phone → answered');
select is((select client_id from public.inbound_messages where phone = '+12025550129'), null, 'receive_sms: an unknown phone → a message without a client');
select tests.write_sms('+12025550129', 'STOP', 'opt_out');
select row_eq($$ select client_id, action from public.consents where address = '+12025550129' $$,
  row(null::uuid, 'opted_out'::text), 'receive_sms: STOP of an unknown phone → recorded without a client');
select tests.write_sms('+12025550129', 'START', 'opt_in');
select is((select action from public.consents where address = '+12025550129' order by id desc limit 1), 'opted_in',
  'receive_sms: START of an unknown phone → recorded');

-- another phone than the recipient's own
select tests.ask_for_consent(tests.the('sister'), phone => '+12025550123');
select tests.write_sms('+12025550123', 'yes', 'opt_in');
select ok(pg_temp.opted_in('sister'), 'receive_sms: YES from another phone that was asked → opt-in');
select tests.write_sms('+12025550123', 'stop', 'opt_out');
select ok(not pg_temp.opted_in('sister'), '… STOP from there ends it');

-- what a carrier tells
update public.campaign_recipients set sms_opted_in_at = now(), phone = '+12025550124' where id = tests.the('sister');
select tests.add_cards(tests.the('pool'), 1);
select tests.provision(tests.the('sister'), deliver_to => '+12025550124');
select tests.report(tests.lease((select id from public.deliveries where deliver_to = '+12025550124')), 'permanent', null, '21610');
select row_eq($$ select client_id, action, source from public.consents where address = '+12025550124' $$,
  row(tests.the('client'), 'opted_out'::text, 'provider'::text), 'receive_sms: an opt-out that the carrier reports → recorded as well');
select ok(not pg_temp.opted_in('sister'), '… and ends the consent');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
