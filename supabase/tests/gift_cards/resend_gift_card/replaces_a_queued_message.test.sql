-- A card that is sent again to a corrected address does not go to the first one, too.
begin;
set local search_path = public, extensions, tests;
select plan(8);

create function pg_temp.resend(channel text, deliver_to text) returns void language sql as $$
  select tests.keep('again', tests.resend(tests.the('card'), channel, deliver_to, 'mistyped')
    #> '{result,delivery,id}')
$$;
create function pg_temp.status(name text) returns text language sql as $$
  select status from public.deliveries where id = tests.the(name)
$$;
-- as if it had been queued before
create function pg_temp.age(name text) returns void language sql as $$
  update public.gift_cards set claimed_at = now() - interval '1 hour' where id = tests.the('card');
  update public.deliveries set created_at = now() - interval '1 hour' where id = tests.the(name)
$$;

-- the first message waits
select tests.keep(tests.create_delivery());
select pg_temp.resend('sms', '+12025550188');
select is(pg_temp.status('delivery'), 'cancelled', 'resend_gift_card: the first message is still queued → cancelled');
select is(tests.lease(tests.the('again')) ->> 'deliverTo', '+12025550188', '… and the new one is sent');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- the first message is being sent, and fails
select tests.keep(tests.create_delivery());
select pg_temp.age('delivery');
select tests.keep('lease', tests.lease(tests.the('delivery')));
select pg_temp.resend('sms', '+12025550188');
select is(pg_temp.status('delivery'), 'sending', 'resend_gift_card: the first message is being sent → it stays the sender''s');
select tests.report(tests.kept('lease'), 'retriable', null, '429');
select is(pg_temp.status('delivery'), 'cancelled', 'complete_delivery_attempt: failed after the card was sent again → not tried again');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- both fail: the first one may go on
select tests.keep(tests.create_delivery());
select pg_temp.age('delivery');
select tests.keep('lease', tests.lease(tests.the('delivery')));
select pg_temp.resend('email', 'ada@example.com');
select tests.report(tests.lease(tests.the('again')), 'permanent', null, '550');
select tests.report(tests.kept('lease'), 'retriable', null, '429');
select is(pg_temp.status('delivery'), 'queued', 'complete_delivery_attempt: the message that was sent again has failed → tried again');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
