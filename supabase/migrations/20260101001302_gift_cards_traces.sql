-- Gift cards, traces: the steps of every provisioning with their times, in one row, kept also when it was refused.

create table public.provisioning_traces (
  id bigint generated always as identity primary key,
  client_id uuid,
  request_id uuid not null,
  campaign_id uuid,
  recipient_id uuid,
  first_step int not null default 1,
  steps text[] not null default '{}',
  step_ends timestamptz[] not null default '{}',
  failed_step text,
  error_code text,
  error_message text,
  tillo_code text,
  started_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint provisioning_traces_steps_have_ends check (cardinality(steps) = cardinality(step_ends)),
  constraint provisioning_traces_failed_step_has_a_code check ((failed_step is null) = (error_code is null))
);
comment on table public.provisioning_traces is
  'A row for each provisioning; read the view gift_card_provisioning_trace. steps: the completed ones, in order, each with the time at '
  'which it ended (step_ends); first_step: the number of the first of them, because the steps after a supplier purchase follow those '
  'of its request. created_at: when the last step ended.';

create index provisioning_traces_request_id_idx on public.provisioning_traces (request_id);
create index provisioning_traces_created_at_idx on public.provisioning_traces using brin (created_at);

-- The steps of a provisioning so far, and the one under way. first_step: its number, 1 if null.
create type private.step_trace as (
  first_step int, started_at timestamptz, steps text[], step_ends timestamptz[], step text);

-- The step under way has ended, and the next one begins; null after the last.
create function private.next_step(trace private.step_trace, step text)
returns private.step_trace language plpgsql volatile set search_path = '' as $$
begin
  if trace.step is null then
    trace.started_at := clock_timestamp();
    trace.steps := '{}';
    trace.step_ends := '{}';
  else
    trace.steps := array_append(trace.steps, trace.step);
    trace.step_ends := array_append(trace.step_ends, clock_timestamp());
  end if;
  trace.step := next_step.step;
  return trace;
end $$;

-- Stores the completed steps and, with a refusal, the one under way. Returns the number of the step that would follow.
create function private.record_trace(
  asked private.card_request, facts private.provisioning_facts, trace private.step_trace, refusal jsonb default null,
  tillo_code text default null)
returns int language plpgsql volatile set search_path = '' as $$
declare
  first_step constant int := coalesce(trace.first_step, 1);
begin
  insert into public.provisioning_traces (
    client_id, request_id, campaign_id, recipient_id, first_step, steps, step_ends, failed_step, error_code, error_message,
    tillo_code, started_at)
  values (facts.client_id, asked.request_id, coalesce(facts.campaign_id, asked.campaign_id),
    coalesce(facts.recipient_id, asked.recipient_id), first_step, trace.steps, trace.step_ends,
    case when refusal is not null then trace.step end, refusal ->> 'code', refusal ->> 'message', tillo_code, trace.started_at);
  return first_step + cardinality(trace.steps) + (refusal is not null)::int;
end $$;

create view public.gift_card_provisioning_trace with (security_invoker = on) as
  select t.id, t.client_id, t.request_id, t.campaign_id, t.recipient_id, t.first_step + s.number::int - 1 as step_number,
    s.name as step_name, 'completed' as status, null::text as error_code, null::text as error_message, null::text as tillo_code,
    (extract(epoch from s.ended_at - coalesce(t.step_ends[s.number::int - 1], t.started_at)) * 1000)::numeric(12,3) as duration_ms,
    s.ended_at as created_at
  from public.provisioning_traces t, unnest(t.steps, t.step_ends) with ordinality as s (name, ended_at, number)
  union all
  select t.id, t.client_id, t.request_id, t.campaign_id, t.recipient_id, t.first_step + cardinality(t.steps), t.failed_step,
    'failed', t.error_code, t.error_message, t.tillo_code,
    (extract(epoch from t.created_at - coalesce(t.step_ends[cardinality(t.steps)], t.started_at)) * 1000)::numeric(12,3), t.created_at
  from public.provisioning_traces t
  where t.failed_step is not null;
comment on view public.gift_card_provisioning_trace is
  'A row for each step of each provisioning, kept also when it was refused; tillo_code is the supplier''s own code, duration_ms in '
  'milliseconds, created_at the time at which the step ended. id is that of the provisioning.';

alter table public.provisioning_traces enable row level security;

grant select on public.provisioning_traces, public.gift_card_provisioning_trace to authenticated, service_role;

create policy "Admins read the traces of their clients" on public.provisioning_traces
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
