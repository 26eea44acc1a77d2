begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_delivery());
select is(tests.get_delivery(tests.the('delivery')) -> 'result',
  jsonb_build_object('id', tests.the('delivery'), 'method', 'sms', 'status', 'queued', 'attempts', 0, 'errorCode', null,
  'errorMessage', null, 'providerMessageId', null), 'get_delivery: a queued delivery → its status');
select tests.report(tests.lease(tests.the('delivery')), 'retriable', null, '20429', 'Too many requests');
select is((tests.get_delivery(tests.the('delivery')) -> 'result') - array['id', 'method'],
  '{"status": "queued", "attempts": 1,
  "errorCode": "20429", "errorMessage": "Too many requests", "providerMessageId": null}', 'get_delivery: a delivery that is queued again → its state
    and why');
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM1');
select is((tests.get_delivery(tests.the('delivery')) -> 'result') - array['id', 'method'],
  '{"status": "sent", "attempts": 2,
  "errorCode": null, "errorMessage": null, "providerMessageId": "SM1"}', 'get_delivery: a sent delivery → its status and the provider''s id');
select is(tests.get_delivery(gen_random_uuid()) ->> 'code', 'RB-404', 'get_delivery: an unknown delivery → RB-404');

select * from finish();
rollback;
