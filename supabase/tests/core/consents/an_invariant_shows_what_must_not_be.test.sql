begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_delivery(deliver_to => '+12025550141'));
select tests.lease(tests.the('delivery'));
select private.opt_out('sms', '+12025550141', 'sms_reply', 'STOP');
select is_empty('select * from private.invariant_violations', 'invariants: an opt-out after an attempt → none violated');

update public.delivery_attempts set created_at = now() + interval '2 minutes';
select set_eq('select invariant from private.invariant_violations', array['attempts_after_opt_out'],
  'invariants: an attempt after an opt-out → shown');

update public.delivery_attempts set created_at = now();
alter table public.consents disable trigger consents_are_append_only;
delete from public.consents;
select set_eq('select invariant from private.invariant_violations', array['opt_outs_without_proof'],
  'consents: an opt-out without its proof → shown');
select private.lift_opt_out('sms', '+12025550141');
select is_empty('select * from private.invariant_violations', 'consents: a lifted opt-out without proof → not shown');

select * from finish();
rollback;
