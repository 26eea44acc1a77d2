-- refuse: SQLSTATE, details, message and hint, as clients of the API read them.
begin;
set local search_path = public, extensions, tests;
select plan(9);

create function pg_temp.raised(statement text) returns jsonb language plpgsql as $$
declare
  details text;
  hint text;
begin
  execute statement;
  return null;
exception when others then
  get stacked diagnostics details = pg_exception_detail, hint = pg_exception_hint;
  return jsonb_build_object('state', sqlstate, 'message', sqlerrm, 'details', details::jsonb, 'hint', hint);
end $$;

select is(pg_temp.raised('select private.refuse(''GC-006'')'), jsonb_build_object('state', 'GC006', 'message', c.message,
  'details', '{"code": "GC-006"}'::jsonb, 'hint', c.solution), 'refuse: code alone → message and solution of the catalogue')
from private.error_catalogue c where c.code = 'GC-006';
select is(pg_temp.raised('select private.refuse(''RB-400'', ''Too late'', ''{"at": 7}'')') - 'hint',
  '{"state": "RB400", "message": "Too late", "details": {"at": 7, "code": "RB-400"}}', 'refuse: message and details → as given');
select is(pg_temp.raised('select private.refuse(''RB-400'', null, ''{"solution": "Wait"}'')') ->> 'hint', 'Wait',
  'refuse: details with a solution → the hint');
select is(pg_temp.raised('select private.refuse(''RB-400'', null, null)') -> 'details', '{"code": "RB-400"}', 'refuse: null details → the code');
select is(pg_temp.raised('select private.refuse(''RB-999'')') ->> 'message', 'RB-999', 'refuse: a code without an entry → the code');

select is(private.refused('GC006', 'Too little', '{"code": "GC-006", "need": 5}'),
  '{"outcome": "refused", "code": "GC-006", "message": "Too little", "details": {"need": 5}}', 'refused: caught → data without the code');
select is(private.refused('GC006', null, null) ->> 'message', c.message, 'refused: no message → the catalogue''s')
from private.error_catalogue c where c.code = 'GC-006';

select is(tests.refusal_of('select private.refuse(''VC-006'', ''Used up'', ''{"left": 0}'')'), '{"code": "VC-006", "left": 0}',
  'tests.refusal_of: a refusal → its code and details');
select throws_ok('select tests.refusal_of(''select 1 / 0'')', '22012', null, 'tests.refusal_of: a bug → raised');

select * from finish();
rollback;
