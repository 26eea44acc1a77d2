begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep('a', tests.create_client());
select tests.keep('b', tests.create_client());
select private.record_audit(c, null, 'test', 'thing', gen_random_uuid(), jsonb_build_object('n', n))
from generate_series(1, 6) n, unnest(array[tests.the('a'), tests.the('b'), null]) c;
select private.link_audit_chain();

select is_empty('select * from private.audit_chain_breaks', 'audit_chain_breaks: an unchanged chain → none');
select is((select array_agg(l.position order by l.position) from private.audit_links l where l.tenant = tests.the('a')),
  '{1,2,3,4,5,6}', 'audit: each tenant has its own chain');
select isnt_empty('select from private.audit_links where tenant = ''00000000-0000-0000-0000-000000000000''',
  'audit: the platform has its own chain');
set local timezone = 'Asia/Tokyo';
set local datestyle = 'German';
set local bytea_output = 'escape';
select is_empty('select * from private.audit_chain_breaks', 'audit_chain_breaks: any session settings → none');
reset timezone;
reset datestyle;
reset bytea_output;
select is(private.link_audit_chain(), 0, 'link_audit_chain: a second run → nothing to link');

-- Events are append-only, links too
select throws_ok('update public.audit_events set action = ''x''', 'P0001', null, 'audit: an update of an event → error');
select throws_ok('delete from public.audit_events', 'P0001', null, 'audit: a delete of an event → error');
select throws_ok('truncate public.audit_events cascade', 'P0001', null, 'audit: truncate of the events → error');
select throws_ok('update private.audit_links set position = 0', 'P0001', null, 'audit: an update of a link → error');
select throws_ok('delete from private.audit_links', 'P0001', null, 'audit: a delete of a link → error');
select throws_ok('truncate private.audit_links', 'P0001', null, 'audit: truncate of the links → error');

-- The owner of the tables can disable the triggers: the chain shows it.
alter table public.audit_events disable trigger audit_events_are_append_only;
alter table private.audit_links disable trigger audit_links_are_append_only;
create function pg_temp.nth(n int) returns bigint language sql as $$
  select event_id from private.audit_links where tenant = tests.the('a') and position = n
$$;
-- Where the chain breaks after a change, which is undone.
create function pg_temp.breaks_after(change text) returns text language plpgsql as $$
declare
  places text;
begin
  begin
    execute change;
    places := (select string_agg(b.position::text, ',' order by b.position) from private.audit_chain_breaks b
      where b.tenant = tests.the('a'));
    raise exception using errcode = 'P0001', message = 'undo';
  exception when raise_exception then
    null;
  end;
  return places;
end $$;

select is(pg_temp.breaks_after(format('update public.audit_events set reason = ''another'' where id = %s',
  pg_temp.nth(3))), '3', 'audit_chain_breaks: a changed event → located');
select is(pg_temp.breaks_after(format('update public.audit_events set origin = ''server'' where id = %s', pg_temp.nth(2))), '2',
  'audit_chain_breaks: a changed origin → located');
select is(pg_temp.breaks_after(format(
  'update public.audit_events set created_at = created_at + interval ''1 microsecond'' where id = %s', pg_temp.nth(6))),
  '6', 'audit_chain_breaks: the last event changed by a microsecond → located');
select is(pg_temp.breaks_after(format('update public.audit_events set client_id = %L where id = %s', tests.the('b'),
  pg_temp.nth(2))), '2', 'audit_chain_breaks: an event moved to another tenant → located');
select is(pg_temp.breaks_after(format('delete from private.audit_links where event_id = %s', pg_temp.nth(4))), '5',
  'audit_chain_breaks: a removed link → located');
select is(pg_temp.breaks_after(format('update private.audit_links set position = 7 where event_id = %s',
  pg_temp.nth(3))), '4,7', 'audit_chain_breaks: a moved link → located');
select is(pg_temp.breaks_after(format('update private.audit_links set hash = sha256(hash) where event_id = %s',
  pg_temp.nth(3))), '3,4', 'audit_chain_breaks: a forged hash → located with the link after it');
select is_empty('select * from private.audit_chain_breaks', 'audit_chain_breaks: changes undone → none');

select * from finish();
rollback;
