-- Retention: raw and short-lived data, and for how long it is kept. Grants, bills, deliveries, consents and audit events are kept for good:
-- they prove that each reward was delivered once, and to whom. A CRM event keeps its row for longer than any CRM repeats it, so that
-- its id never counts twice; its payload is purged before.

create table private.retention (
  what text primary key,
  kept_for interval not null,
  constraint retention_is_some_time check (kept_for > interval '0')
);
comment on table private.retention is 'How long the housekeeping job keeps each kind of data; a changed row applies from the next run.';

insert into private.retention (what, kept_for) values
  ('attempt_windows', '1 day'),
  -- longer than a signature of SendGrid is accepted
  ('seen_events', '7 days'),
  ('idempotent_answers', '30 days'),
  ('delivered_webhooks', '30 days'),
  ('crm_payloads', '90 days'),
  ('inbound_messages', '180 days'),
  ('provisioning_traces', '180 days'),
  ('redemption_attempts', '180 days'),
  ('resolved_alerts', '180 days'),
  ('unopened_claim_links', '90 days'),
  ('sms_usage', '90 days'),
  ('ended_rewards', '400 days'),
  ('calls', '400 days'),
  ('crm_events', '400 days');

create index crm_events_payloads_idx on public.crm_events (created_at) where payload is not null;
create index inbound_messages_created_at_idx on public.inbound_messages (created_at);
create index system_alerts_resolved_at_idx on public.system_alerts (resolved_at) where resolved_at is not null;
create index claim_links_unopened_idx on public.claim_links (expires_at) where revealed_at is null;
create index sms_usage_day_idx on private.sms_usage (day);
create index pending_rewards_ended_idx on public.pending_rewards (created_at) where status in ('fulfilled', 'cancelled');
create index call_sessions_created_at_idx on public.call_sessions (created_at);
create index crm_events_ended_idx on public.crm_events (created_at) where status not in ('received', 'owed');

create function private.retention_cutoff(what text)
returns timestamptz language plpgsql stable set search_path = '' as $$
begin
  return now() - (select r.kept_for from private.retention r where r.what = retention_cutoff.what);
end $$;

-- Purges the payloads of processed CRM events; an admin replays them from their parsed columns.
create function private.purge_crm_payloads(before timestamptz, batch_size int)
returns int language sql volatile set search_path = '' as $$
  with forgotten as (
    update public.crm_events e set payload = null
    where e.id = any (array(
      select old.id from public.crm_events old
      where old.created_at < before and old.payload is not null and old.status <> 'received'
      order by old.created_at limit batch_size
      -- a locked event is being processed: left for the next run
      for update skip locked))
    returning 1)
  select count(*)::int from forgotten
$$;

-- Purges calls, without the conditions that callers met: those prove why a card was given.
create function private.purge_calls(before timestamptz, batch_size int)
returns int language plpgsql volatile set search_path = '' as $$
declare
  old uuid[] := array(
    select s.id from public.call_sessions s where s.created_at < before order by s.created_at limit batch_size for update skip locked);
begin
  update public.call_conditions_met m set call_session_id = null where m.call_session_id = any (old);
  delete from public.call_sessions s where s.id = any (old);
  return cardinality(old);
end $$;

-- Purges what has ended and proves nothing: alerts, rewards that were given or cancelled, links that were never opened, events of CRMs.
create function private.purge_ended(batch_size int)
returns int language plpgsql volatile set search_path = '' as $$
declare
  rows_deleted int;
begin
  with alerts as (
    delete from public.system_alerts a where a.id = any (array(
      select old.id from public.system_alerts old
      where old.resolved_at < (select private.retention_cutoff('resolved_alerts')) order by old.resolved_at limit batch_size)) returning 1
  ), links as (
    delete from public.claim_links l where l.revealed_at is null and l.id = any (array(
      select old.id from public.claim_links old
      where old.revealed_at is null and old.expires_at < (select private.retention_cutoff('unopened_claim_links'))
      order by old.expires_at limit batch_size)) returning 1
  ), usage as (
    delete from private.sms_usage u where u.ctid = any (array(
      select old.ctid from private.sms_usage old
      where old.day < (select private.retention_cutoff('sms_usage'))::date order by old.day limit batch_size)) returning 1
  ), rewards as (
    delete from public.pending_rewards r where r.status in ('fulfilled', 'cancelled') and r.id = any (array(
      select old.id from public.pending_rewards old
      where old.status in ('fulfilled', 'cancelled') and old.created_at < (select private.retention_cutoff('ended_rewards'))
      order by old.created_at limit batch_size)) returning 1
  ), events as (
    delete from public.crm_events e where e.status not in ('received', 'owed') and e.id = any (array(
      select old.id from public.crm_events old
      where old.status not in ('received', 'owed') and old.created_at < (select private.retention_cutoff('crm_events'))
      order by old.created_at limit batch_size)) returning 1)
  select (select count(*) from alerts) + (select count(*) from links) + (select count(*) from usage)
    + (select count(*) from rewards) + (select count(*) from events) into rows_deleted;
  return rows_deleted + private.purge_calls(private.retention_cutoff('calls'), batch_size);
end $$;

-- Purges at most batch_size rows of each kind; returns the total. Each kind is read in the order of an index from the oldest row on, so
-- that nothing due is nothing read. Where ids are numbered, the oldest rows have the lowest ids.
create function private.purge(batch_size int default 5000)
returns int language plpgsql volatile set search_path = '' as $$
declare
  rows_deleted int;
begin
  with windows as (
    delete from private.attempt_buckets b where b.ctid = any (array(
      select old.ctid from private.attempt_buckets old
      where old.window_starts_at < (select private.retention_cutoff('attempt_windows')) order by old.window_starts_at limit batch_size)) returning 1
  ), slowdowns as (
    -- one row for each campaign or client that was ever under attack: few rows
    delete from private.attempt_slowdowns d where d.slowed_until < (select private.retention_cutoff('attempt_windows')) returning 1
  ), events as (
    delete from private.seen_events s where s.ctid = any (array(
      select old.ctid from private.seen_events old
      where old.created_at < (select private.retention_cutoff('seen_events')) order by old.created_at limit batch_size)) returning 1
  ), answers as (
    delete from private.idempotency_keys k where k.ctid = any (array(
      select old.ctid from private.idempotency_keys old
      where old.created_at < (select private.retention_cutoff('idempotent_answers')) order by old.created_at limit batch_size)) returning 1
  ), messages as (
    delete from public.inbound_messages m where m.id = any (array(
      select old.id from public.inbound_messages old
      where old.created_at < (select private.retention_cutoff('inbound_messages')) order by old.created_at limit batch_size)) returning 1
  ), traces as (
    delete from public.provisioning_traces t where t.id = any (array(
      select old.id from (
        select x.id, x.created_at from public.provisioning_traces x
        where (select min(o.created_at) from (select y.created_at from public.provisioning_traces y order by y.id limit 100) o)
          < (select private.retention_cutoff('provisioning_traces'))
        order by x.id limit batch_size) old
      where old.created_at < (select private.retention_cutoff('provisioning_traces')))) returning 1
  ), attempts as (
    delete from public.redemption_attempts a where a.id = any (array(
      select old.id from (
        select x.id, x.created_at from public.redemption_attempts x
        where (select min(o.created_at) from (select y.created_at from public.redemption_attempts y order by y.id limit 100) o)
          < (select private.retention_cutoff('redemption_attempts'))
        order by x.id limit batch_size) old
      where old.created_at < (select private.retention_cutoff('redemption_attempts')))) returning 1)
  select (select count(*) from windows) + (select count(*) from events) + (select count(*) from answers)
    + (select count(*) from messages) + (select count(*) from traces) + (select count(*) from attempts) into rows_deleted;
  return rows_deleted + private.purge_ended(batch_size)
    + private.purge_webhooks(private.retention_cutoff('delivered_webhooks'), batch_size)
    + private.purge_crm_payloads(private.retention_cutoff('crm_payloads'), batch_size);
end $$;
