-- The table of docs/states.md: what start, continue and cancel say in each state, and where nextStep leads.
begin;
set local search_path = public, extensions, tests;
select plan(32);

create function pg_temp.begin_purchase() returns void language sql as $$
  select tests.keep(tests.create_buyer(balance => 30, price => 49));
  select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid)
$$;
create function pg_temp.said(answer jsonb) returns text language sql as $$
  select concat_ws(' ', coalesce(answer ->> 'code', answer #>> '{result,purchase,status}'),
    coalesce(answer #>> '{details,nextStep}', answer #>> '{result,purchase,nextStep}'))
$$;
create function pg_temp.start() returns text language sql as $$ select pg_temp.said(tests.buy(30)) $$;
create function pg_temp.continue() returns text language sql as $$
  select pg_temp.said(tests.buy(30, purchase_id => tests.the('purchase')))
$$;
create function pg_temp.cancel() returns text language sql as $$
  select pg_temp.said(tests.cancel_purchase(tests.the('customer'), tests.the('purchase')))
$$;
create function pg_temp.bank(status text) returns text language sql as $$
  select pg_temp.said(public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), status)))
$$;

-- open
select pg_temp.begin_purchase();
select is(pg_temp.start(), 'awaiting_payment continue', 'open: start → the same purchase');
select is(pg_temp.continue(), 'awaiting_payment continue', 'open: continue → it goes on');
select is(pg_temp.said(tests.buy(20)), 'VC-025 continue', 'open: start otherwise → VC-025, continue');
select is(pg_temp.cancel(), 'awaiting_payment cancel', 'start_package_purchase: open: cancel → the processor is called');

-- the processor has not answered
select is(pg_temp.start(), 'VC-025 cancel', 'being cancelled: start → VC-025, cancel');
select is(pg_temp.continue(), 'VC-026 cancel', 'being cancelled: continue → VC-026, cancel');
select is(pg_temp.cancel(), 'awaiting_payment cancel', 'start_package_purchase: being cancelled: cancel → the processor is called again');
select is(pg_temp.bank('canceled'), 'cancelled begin', 'being cancelled: the processor agrees → begin');
select is(pg_temp.continue(), 'VC-026 begin', 'cancelled: continue → VC-026, begin');
select is(pg_temp.cancel(), 'cancelled begin', 'cancelled: cancel → nothing more');
select is(pg_temp.start(), 'awaiting_payment continue', 'cancelled: start → a new purchase');

-- the processor refuses to cancel
select pg_temp.begin_purchase();
select pg_temp.cancel();
select is(pg_temp.bank('requires_action'), 'awaiting_payment cancel', 'being cancelled: any other state → still being cancelled');
select is(pg_temp.bank('processing'), 'awaiting_payment continue', 'being cancelled: the payment is processed → the cancel is lifted');
select is((select count(*)::int from public.audit_events where subject_id = tests.the('purchase')
  and action = 'package_purchase.cancel_refused'), 1, 'lifted: is audited');
select is(pg_temp.start(), 'awaiting_payment continue', 'lifted: start → the same purchase');
select is(pg_temp.continue(), 'awaiting_payment continue', 'lifted: continue → it goes on');
select is(pg_temp.bank('requires_payment_method'), 'awaiting_payment continue', 'lifted: the payment fails → it can be paid again');
select is(pg_temp.cancel(), 'awaiting_payment cancel', 'start_package_purchase: lifted: cancel → can be repeated');
select is(pg_temp.bank('succeeded'), 'completed none', 'being cancelled: paid meanwhile → completed');
select is(pg_temp.continue(), 'completed none', 'completed: continue → the answer');
select is(pg_temp.cancel(), 'VC-026 none', 'completed: cancel → VC-026, none');
select is((pg_temp.said(tests.buy(0))), 'awaiting_payment continue', 'completed: start → a new purchase');

-- past its end
select pg_temp.begin_purchase();
update public.package_purchases set expires_at = now() where id = tests.the('purchase');
select is(pg_temp.start(), 'VC-025 cancel', 'past its end: start → VC-025, cancel');
select is(pg_temp.continue(), 'VC-026 cancel', 'past its end: continue → VC-026, cancel');
select is(pg_temp.cancel(), 'awaiting_payment cancel', 'start_package_purchase: past its end: cancel → the processor is called');
select is(pg_temp.bank('canceled'), 'cancelled begin', 'past its end: the processor agrees → begin');
select is(pg_temp.start(), 'awaiting_payment continue', 'past its end and cancelled: start → a new purchase');

-- failed, and a refund of what is not paid
select pg_temp.begin_purchase();
select is(pg_temp.said(tests.refund(null, tests.the('purchase'), null, null, null, null)),
  'VC-026 continue', 'open: refund → VC-026, continue');
select is(pg_temp.said(public.fail_package_purchase(tests.the('purchase'), null, 'no')), 'failed begin', 'failed: → begin');
select is(pg_temp.continue(), 'VC-026 begin', 'failed: continue → VC-026, begin');
select is(pg_temp.cancel(), 'VC-026 begin', 'failed: cancel → VC-026, begin');
select is(pg_temp.start(), 'awaiting_payment continue', 'failed: start → a new purchase');

select * from finish();
rollback;
