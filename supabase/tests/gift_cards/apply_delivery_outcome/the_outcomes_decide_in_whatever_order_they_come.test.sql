-- A card with two messages, an SMS and an e-mail that an agent sent after it. For each message the report of its attempt and a callback: four
-- events, in each of their 24 orders, for each pair of outcomes. The state of the card depends on the outcomes and never on their order.
begin;
set local search_path = public, extensions, tests;
select plan(8);

create temp table outcomes (
  sms text, email text, status text, method text, described text);
insert into outcomes values
  ('delivered',   'delivered', 'delivered', 'sms',   'both arrive → delivered by the earlier one'),
  ('delivered',   'bounce',    'delivered', 'sms',   'only the SMS arrives → delivered by SMS'),
  ('undelivered', 'delivered', 'delivered', 'email', 'only the e-mail arrives → delivered by e-mail'),
  ('undelivered', 'bounce',    'stuck',     null,    'neither arrives, and no channel is left → stuck'),
  ('sent',        'delivered', 'delivered', 'email', 'the SMS is taken, the e-mail arrives → delivered by e-mail'),
  ('undelivered', 'processed', 'delivered', 'email', 'the SMS fails, the e-mail is taken → delivered by e-mail');

create temp table orders as
  with recursive o as (
    select '{}'::text[] as steps
    union all
    select o.steps || s from o, unnest(array['sms report', 'sms callback', 'email report', 'email callback']) s
    where s <> all (o.steps))
  select steps from o where cardinality(steps) = 4;

create temp table results (described text, steps text[], status text, method text, is_timed boolean, alerts bigint);

-- Plays the events in one order; each message is an hour apart, and each event a minute.
create function pg_temp.play(outcome outcomes, steps text[]) returns void language plpgsql as $$
declare
  facts jsonb := tests.create_delivery();
  card uuid := facts ->> 'card';
  sms uuid := facts ->> 'delivery';
  -- being sent already, or sending the card again would call it off
  sms_lease jsonb := tests.lease(sms);
  email uuid := tests.resend(card, 'email', 'ada@example.com', 'asked')
    #>> '{result,delivery,id}';
  email_lease jsonb := tests.lease(email);
  step text;
begin
  update public.deliveries set created_at = created_at + interval '1 hour' where id = email;
  foreach step in array steps loop
    case step
      when 'sms report' then perform tests.report(sms_lease, 'sent', 'SM' || sms);
      when 'email report' then perform tests.report(email_lease, 'sent', 'EM' || email);
      when 'sms callback' then perform public.record_delivery_status(
        'twilio', 'SM' || sms, (sms_lease ->> 'attemptId')::uuid, outcome.sms, null);
      when 'email callback' then perform public.record_delivery_status(
        'sendgrid', 'EM' || email, (email_lease ->> 'attemptId')::uuid, outcome.email, null);
    end case;
  end loop;
  insert into results
  select outcome.described, steps, c.status, c.delivery_method,
    c.delivered_at is not distinct from (
      select coalesce(d.delivered_at, d.sent_at) from public.deliveries d
      where d.subject_id = card and c.status = 'delivered' and d.channel = c.delivery_method),
    (select count(*) from public.system_alerts a
     where a.subject = card::text and a.resolved_at is null and a.alert_type in ('stuck_gift_card', 'delivery_failed'))
  from public.gift_cards c where c.id = card;
end $$;

select pg_temp.play(o, s.steps) from outcomes o, orders s;

select is((select count(*)::int from results), 144, 'apply_delivery_outcome: six pairs of outcomes, in 24 orders each');
select is_empty(format($$ select steps, r.status, r.method, is_timed, alerts from results r join outcomes o using (described)
    where described = %L and ((r.status, is_timed, alerts) is distinct from
      (o.status, true, case o.status when 'stuck' then 1::bigint else 0::bigint end)
      or (r.status = 'delivered' and r.method <> o.method)) $$, o.described),
  'apply_delivery_outcome: ' || o.described || ', in each of 24 orders') from outcomes o;
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
