begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise(0));
-- a reward that is owed to a recipient, with the address that was asked for
create function pg_temp.owe(phone text, email text, delivery_method text default null, deliver_to text default null)
returns void language plpgsql as $$
declare
  recipient uuid := tests.create_recipients(tests.the('campaign'));
  reward public.pending_rewards;
begin
  update public.campaign_recipients r set phone = owe.phone, email = owe.email where r.id = recipient;
  insert into public.pending_rewards as p (client_id, campaign_id, recipient_id, condition_number, surface, code, brand_id, denomination,
    currency, delivery_method, deliver_to)
  values (tests.the('client'), tests.the('campaign'), recipient, 1, 'api', 'GC-003', tests.the('brand'), 25, 'USD', delivery_method, deliver_to)
  returning p.* into reward;
  perform tests.keep('reward', reward.id);
  perform private.announce_delay(reward);
end $$;
create function pg_temp.told() returns text language sql as $$
  select string_agg(concat_ws(' ', d.topic, d.notice, d.channel, d.deliver_to, d.status), ', ') from public.deliveries d
  where d.subject_id = tests.the('reward')
$$;

select pg_temp.owe('+12025550111', 'ada@example.com', 'email', 'other@example.com');
select is(pg_temp.told(), 'notice reward_delayed email other@example.com queued', 'announce_delay: to the requested address');
select private.announce_delay(p) from public.pending_rewards p where p.id = tests.the('reward');
select is(pg_temp.told(), 'notice reward_delayed email other@example.com queued', 'announce_delay: once for each reward');
select pg_temp.owe('+12025550112', 'ada@example.com');
select is(pg_temp.told(), 'notice reward_delayed sms +12025550112 queued', 'announce_delay: no requested address → the recipient''s phone');
select pg_temp.owe(null, 'ada@example.com');
select is(pg_temp.told(), 'notice reward_delayed email ada@example.com queued', 'announce_delay: no phone → the recipient''s e-mail address');
select pg_temp.owe(null, 'eve@example.com', 'sms', null);
select is(pg_temp.told(), 'notice reward_delayed email eve@example.com queued', 'announce_delay: an unusable delivery method → the recipient''s phone, too');
select pg_temp.owe(null, null);
select is(pg_temp.told(), null, 'announce_delay: no address → no notice');

-- consent is asked when the message is taken for sending
select pg_temp.owe('+12025550113', null);
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550113', 'test');
select public.lease_deliveries((select id from public.deliveries where subject_id = tests.the('reward')), 1);
select is(pg_temp.told(), 'notice reward_delayed sms +12025550113 suppressed', 'announce_delay: an opted-out address → no notice');
select pg_temp.owe('+12025550114', null);
select is(public.lease_deliveries((select id from public.deliveries where subject_id = tests.the('reward')), 1)
  #>> '{result,deliveries,0,notice}', 'reward_delayed', 'announce_delay: other recipients → a notice');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
