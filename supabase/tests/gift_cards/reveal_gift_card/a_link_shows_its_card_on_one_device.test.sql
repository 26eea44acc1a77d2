-- A claim link shows its card to the device that opens it first, for a short while; every refusal reads the same.
begin;
set local search_path = public, extensions, tests;
select plan(33);

create function pg_temp.create_link() returns jsonb language plpgsql as $$
declare
  facts jsonb := tests.create_promise();
begin
  update public.campaigns set requires_claim_link = true where id = (facts ->> 'campaign')::uuid;
  facts := facts || jsonb_build_object('answer', tests.provision((facts ->> 'recipient')::uuid));
  facts := facts || jsonb_build_object('card', facts #> '{answer,result,giftCard,id}',
    'delivery', facts #> '{answer,result,delivery,id}');
  perform tests.keep(facts);
  perform tests.keep('lease', tests.lease(tests.the('delivery')));
  perform tests.keep('link', tests.kept('lease') #> '{claim,linkId}');
  return facts;
end $$;
create function pg_temp.open(link uuid, device text default 'device-0123456789', ip text default '203.0.113.9')
returns jsonb language sql as $$
  select public.reveal_gift_card(link, device, tests.request(ip => ip))
$$;
create function pg_temp.the_card() returns public.gift_cards language sql as $$
  select c from public.gift_cards c where c.id = tests.the('card')
$$;

select pg_temp.create_link();
update public.gift_cards set exposed_at = null where id = tests.the('card');
select tests.keep('shown', pg_temp.open(tests.the('link')));

select is(tests.kept('shown') ->> 'outcome', 'ok', 'reveal_gift_card: the first device → the card');
select is(tests.kept('shown') #>> '{sealed,giftCardId}', tests.the('card')::text, '… the sealed code, to be opened by the function');
select is(tests.kept('shown') #>> '{result,giftCard,id}', tests.the('card')::text, '… how to use the card');
select is((tests.kept('shown') #>> '{result,visibleUntil}')::timestamptz, now() + interval '15 minutes', '… and until when');
select isnt((pg_temp.the_card()).exposed_at, null, 'reveal_gift_card: → the card is disclosed');
select is((pg_temp.the_card()).status, 'delivered', '… the card is delivered');
select is((pg_temp.the_card()).delivery_method, 'sms', '… by the method of the message');
select is((select count(*) from public.audit_events where subject_id = tests.the('card') and action = 'gift_card.revealed'),
  1::bigint, '… audited');
select isnt((select device from public.claim_links where id = tests.the('link')), 'device-0123456789', '… the device is stored as a fingerprint');

select is(pg_temp.open(tests.the('link')) ->> 'outcome', 'ok', 'reveal_gift_card: the same device again → the card');
select is((select reveals from public.claim_links where id = tests.the('link')), 2, '… counted');
select is((select count(*) from public.audit_events where subject_id = tests.the('card') and action = 'gift_card.revealed'),
  2::bigint, '… and audited');
select is_empty('select * from private.reveals_without_audit', 'reveal_gift_card: every reveal has its audit row');

-- every refusal is the same
select tests.keep('unknown', pg_temp.open(gen_random_uuid()));
select is(tests.kept('unknown') ->> 'code', 'RB-410', 'reveal_gift_card: an unknown link → RB-410');
select is(pg_temp.open(null), tests.kept('unknown'), 'reveal_gift_card: no token → the answer for an unknown one');
select is(pg_temp.open(tests.the('link'), 'another-device-01'), tests.kept('unknown'), 'reveal_gift_card: another device → the answer for an unknown one');
update public.claim_links set revealed_at = now() - interval '16 minutes' where id = tests.the('link');
select is(pg_temp.open(tests.the('link')), tests.kept('unknown'), 'reveal_gift_card: the same device, too late → the answer for an unknown one');
update public.claim_links set revealed_at = now(), expires_at = now() where id = tests.the('link');
select is(pg_temp.open(tests.the('link')), tests.kept('unknown'), 'reveal_gift_card: an expired link → the answer for an unknown one');
update public.claim_links set expires_at = now() + interval '1 day', replaced_at = now() where id = tests.the('link');
select is(pg_temp.open(tests.the('link')), tests.kept('unknown'), 'reveal_gift_card: a replaced link → the answer for an unknown one');
update public.claim_links set replaced_at = null where id = tests.the('link');
update public.gift_cards set status = 'cancelled', cancelled_at = now() where id = tests.the('card');
select is(pg_temp.open(tests.the('link')), tests.kept('unknown'), 'reveal_gift_card: a cancelled card → the same RB-410');
select results_eq(format($$ select reason from public.audit_events where subject_id = %L and action = 'gift_card.reveal_refused'
  order by id $$, tests.the('card')), $$ values ('another device'), ('window expired'), ('expired'), ('replaced'), ('card revoked') $$,
  'reveal_gift_card: only staff read the reason');
select is((select count(*) from public.redemption_attempts where surface = 'reveal-gift-card' and client_id = tests.the('client')
  and outcome = 'refused'), 5::bigint, 'reveal_gift_card: refusals → recorded as attempts');

-- a card whose message may not have arrived
select pg_temp.create_link();
update public.gift_cards set status = 'stuck', stuck_at = now() where id = tests.the('card');
select is(pg_temp.open(tests.the('link'), ip => '203.0.113.10') ->> 'outcome', 'ok', 'reveal_gift_card: a stuck card → revealed and delivered');
select is((pg_temp.the_card()).status, 'delivered', '… the card is no longer stuck');

-- a card that expires before its link
select cmp_ok((select expires_at from public.claim_links where id = tests.the('link')), '>', now() + interval '13 days',
  'reveal_gift_card: a link lives for two weeks');
select tests.keep(tests.create_promise(0));
select tests.add_cards(tests.the('pool'), 1, (now() + interval '2 days')::date);
update public.campaigns set requires_claim_link = true where id = tests.the('campaign');
select tests.keep('answer', tests.provision(tests.the('recipient')));
select tests.keep('link', tests.lease((tests.kept('answer') #>> '{result,delivery,id}')::uuid) #> '{claim,linkId}');
select cmp_ok((select expires_at from public.claim_links where id = tests.the('link')), '<', now() + interval '4 days', '… but no longer than its card');

-- guesses
select is((select count(*) from generate_series(1, 25) n where pg_temp.open(null, ip => '198.51.100.7') ->> 'code' = 'RB-429'),
  5::bigint, 'reveal_gift_card: twenty wrong tokens from an address → RB-429');
select is(pg_temp.open(tests.the('link'), ip => '198.51.100.7') ->> 'code', 'RB-429', '… a valid token then → RB-429, too');
select is(pg_temp.open(tests.the('link'), ip => '198.51.100.8') ->> 'outcome', 'ok', '… from another address → the card');
select is((select sum(taken) from private.attempt_buckets where surface = 'reveal-gift-card'
  and key = private.fingerprint('198.51.100.8')), 0::bigint, 'reveal_gift_card: a success takes no token');

-- one that shows a broken invariant
update public.claim_links set reveals = reveals + 1 where id = tests.the('link');
select is((select id from private.reveals_without_audit), tests.the('link'), 'reveal_gift_card: a reveal without an audit row → shown by the invariants');
select isnt_empty($$ select from private.invariant_violations where invariant = 'reveals_without_audit' $$,
  'reveals_without_audit: a reveal without its audit event → shown');
select throws_ok(format('update public.claim_links set device = null where id = %L', tests.the('link')), '23514', null,
  'reveal_gift_card: an opened link has its device');

select * from finish();
rollback;
