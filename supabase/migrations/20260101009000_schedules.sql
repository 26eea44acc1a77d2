-- Schedules: entry points of scheduled work. The scheduler calls these (and the edge function `jobs` for work that calls providers); each
-- run is batch-limited and safe to run twice at once.

create function public.run_housekeeping()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  moved uuid;
  folded int := 0;
  linked int;
  purged int;
begin
  -- one run at a time: two would delete the same rows in different orders
  if not pg_try_advisory_xact_lock(hashtext('public.run_housekeeping')) then
    return private.answered(jsonb_build_object('folded', 0, 'linked', 0, 'purged', 0));
  end if;
  -- before all that writes: it needs the id of this transaction
  linked := private.link_audit_chain();
  for moved in
    select distinct m.pool_id from private.card_movements m
    join public.card_pools p on p.id = m.pool_id
    -- what the oldest open transaction holds back cannot be folded yet
    where m.xact >= p.folded_before and m.xact < pg_snapshot_xmin(pg_current_snapshot())
  loop
    folded := folded + private.fold_pool(moved)::int;
  end loop;
  perform private.purge_movements();
  perform private.watch_fold();
  perform private.resolve_bursts();
  purged := private.purge();
  return private.answered(jsonb_build_object('folded', folded, 'linked', linked, 'purged', purged));
end $$;
comment on function public.run_housekeeping is
  'Folds the pool counters, resolves alerts of attacks that have ended, links the audit chain, purges data by private.retention; returns '
  'the number of each.';
grant execute on function public.run_housekeeping to service_role;

-- Entry points of their own, so that the ledger accounts that they lock are released before other work.
create function public.release_holds()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  return private.answered(jsonb_build_object('released', private.release_expired_holds(now())));
end $$;
comment on function public.release_holds is 'Releases expired holds; returns their number.';
grant execute on function public.release_holds to service_role;

create function public.expire_lots()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  return private.answered(jsonb_build_object('expired', private.expire_lots(now())));
end $$;
comment on function public.expire_lots is 'Books expired lots of wallets as breakage; returns their number.';
grant execute on function public.expire_lots to service_role;

create function public.expire_packages()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  return private.answered(jsonb_build_object('packages', private.expire_packages(now())));
end $$;
comment on function public.expire_packages is 'Marks packages of customers as expired; returns their number.';
grant execute on function public.expire_packages to service_role;

create function public.expire_gift_cards()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  return private.answered(jsonb_build_object('dated', private.date_cards(1000), 'poolsRecounted', private.end_lots())
    || private.expire_cards(now(), 1000));
end $$;
comment on function public.expire_gift_cards is
  'Marks up to a thousand cards in stock, and as many delivered ones, as expired, and recounts the pools '
  'with cards below the minimum validity; returns the number of each.';
grant execute on function public.expire_gift_cards to service_role;

create function public.release_stuck_cards()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  return private.answered(private.release_waiting_cards(now(), 200));
end $$;
comment on function public.release_stuck_cards is
  'Settles cards claimed for more than ten minutes and not delivered: returned to stock if the code was not disclosed, else stuck.';
grant execute on function public.release_stuck_cards to service_role;
