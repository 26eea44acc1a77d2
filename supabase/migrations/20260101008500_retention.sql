-- Retention: what is raw, or of use for a while only, and for how long it is kept. The facts stay (grants, bills, deliveries,
-- consents, audit events): they prove that each reward went out once and to whom. An event of a CRM keeps its row, and with it
-- the memory of its id, so that it never counts twice; what is forgotten is all that the CRM said beyond it.

create table private.retention (
  what text primary key,
  kept_for interval not null,
  constraint retention_is_some_time check (kept_for > interval '0')
);
comment on table private.retention is 'How long the housekeeping job keeps what it forgets; change a row, and the next round follows.';

insert into private.retention (what, kept_for) values
  ('attempt_windows', '1 day'),
  -- longer than a signature of SendGrid is believed
  ('seen_events', '7 days'),
  ('idempotent_answers', '30 days'),
  ('delivered_webhooks', '30 days'),
  ('crm_payloads', '90 days'),
  ('inbound_messages', '180 days'),
  ('provisioning_traces', '180 days'),
  ('redemption_attempts', '180 days');

create index crm_events_payloads_idx on public.crm_events (created_at) where payload is not null;
create index inbound_messages_created_at_idx on public.inbound_messages (created_at);

create function private.kept_since(what text)
returns timestamptz language plpgsql stable set search_path = '' as $$
begin
  return now() - (select r.kept_for from private.retention r where r.what = kept_since.what);
end $$;

-- What a CRM said in events that are done with; an admin replays them from the rest of their row.
create function private.forget_crm_payloads(before timestamptz, batch_size int)
returns int language sql volatile set search_path = '' as $$
  with forgotten as (
    update public.crm_events e set payload = null
    where e.id = any (array(
      select old.id from public.crm_events old
      where old.created_at < before and old.payload is not null and old.status <> 'received'
      order by old.created_at limit batch_size
      -- what is being dealt with is for the next round
      for update skip locked))
    returning 1)
  select count(*)::int from forgotten
$$;

-- At most batch_size rows of each kind; returns how many in all. Where ids are numbered, the oldest are those numbered lowest.
create function private.forget(batch_size int default 5000)
returns int language plpgsql volatile set search_path = '' as $$
declare
  rows_deleted int;
begin
  with windows as (
    delete from private.attempt_buckets b where b.ctid = any (array(
      select old.ctid from private.attempt_buckets old
      where old.window_starts_at < (select private.kept_since('attempt_windows')) limit batch_size)) returning 1
  ), slowdowns as (
    -- one for each campaign or client that was ever under attack: few rows
    delete from private.attempt_slowdowns d where d.slowed_until < (select private.kept_since('attempt_windows')) returning 1
  ), events as (
    delete from private.seen_events s where s.ctid = any (array(
      select old.ctid from private.seen_events old
      where old.created_at < (select private.kept_since('seen_events')) limit batch_size)) returning 1
  ), answers as (
    delete from private.idempotency_keys k where k.ctid = any (array(
      select old.ctid from private.idempotency_keys old
      where old.created_at < (select private.kept_since('idempotent_answers')) limit batch_size)) returning 1
  ), messages as (
    delete from public.inbound_messages m where m.id = any (array(
      select old.id from public.inbound_messages old
      where old.created_at < (select private.kept_since('inbound_messages')) limit batch_size)) returning 1
  ), traces as (
    delete from public.gift_card_provisioning_trace t where t.id = any (array(
      select old.id from (select x.id, x.created_at from public.gift_card_provisioning_trace x order by x.id limit batch_size) old
      where old.created_at < (select private.kept_since('provisioning_traces')))) returning 1
  ), attempts as (
    delete from public.redemption_attempts a where a.id = any (array(
      select old.id from (select x.id, x.created_at from public.redemption_attempts x order by x.id limit batch_size) old
      where old.created_at < (select private.kept_since('redemption_attempts')))) returning 1)
  select (select count(*) from windows) + (select count(*) from events) + (select count(*) from answers)
    + (select count(*) from messages) + (select count(*) from traces) + (select count(*) from attempts) into rows_deleted;
  return rows_deleted + private.purge_webhooks(private.kept_since('delivered_webhooks'), batch_size)
    + private.forget_crm_payloads(private.kept_since('crm_payloads'), batch_size);
end $$;
