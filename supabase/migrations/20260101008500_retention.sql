-- Retention: raw and short-lived data, and for how long it is kept. Grants, bills, deliveries, consents and audit events are kept for good:
-- they prove that each reward was delivered once, and to whom. A CRM event keeps its row, so that its id never counts twice; only its
-- payload is purged.

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
  ('redemption_attempts', '180 days');

create index crm_events_payloads_idx on public.crm_events (created_at) where payload is not null;
create index inbound_messages_created_at_idx on public.inbound_messages (created_at);

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
  return rows_deleted + private.purge_webhooks(private.retention_cutoff('delivered_webhooks'), batch_size)
    + private.purge_crm_payloads(private.retention_cutoff('crm_payloads'), batch_size);
end $$;
