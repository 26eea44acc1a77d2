import assert from 'node:assert/strict';
import { type Database, sql } from './database.ts';
import { call } from './http.ts';
import { type Stack, stack } from './stack.ts';
import { symbols, uniqueCard, uniqueEmail, uniquePhone } from './unique.ts';

/** A recipient. */
export interface Recipient {
  id: string;
  firstName: string;
  phone: string;
  email: string;
  token: string;
}

/** A card in clear text, as uploaded. */
export interface Card {
  code: string;
  pin: string;
}

/** A separate tenant with everything that a provisioning needs. */
export interface Promised {
  clientId: string;
  brandId: string;
  campaignId: string;
  poolId: string;
  recipients: Recipient[];
  recipient: Recipient;
  cards: Card[];
}

/** Options of the tenant; omitted ones are valid. */
export interface Wishes {
  cards?: number;
  recipients?: number;
  requiresOptIn?: boolean;
  timeZone?: string;
  /** Whose stock the pool holds: the platform's at a cost of 23.50 (the default), or the client's own. */
  stockOwner?: 'platform' | 'client';
}

/** The stack in which a tenant is created, by default the one under test. */
export interface Place {
  database: Database;
  on: Stack;
}

const here: Place = { database: sql, on: stack };

/** A client with a campaign of one self-service condition, recipients, and a pool of real cards of 25 USD. */
export async function promise(wishes: Wishes = {}, place = here): Promise<Promised> {
  const { cards = 1, recipients = 1, requiresOptIn = false, timeZone = 'UTC', stockOwner = 'platform' } = wishes;
  const name = crypto.randomUUID();
  const [tenant] = await place.database<Pick<Promised, 'clientId' | 'brandId' | 'campaignId' | 'poolId'>[]>`
    with agency as (
      insert into public.agencies (name, slug) values ('Agency', ${'agency-' + name}) returning id),
    client as (
      insert into public.clients (agency_id, name, slug, time_zone)
      select id, 'Client', ${'client-' + name}, ${timeZone} from agency returning id),
    brand as (
      insert into public.gift_card_brands (name, code_format, redemption_url)
      values (${'Brand ' + name}, '^TEST(-[A-Z0-9]{5}){3}$', 'https://brand.example/redeem') returning id),
    denomination as (
      insert into public.brand_denominations (brand_id, denomination, cost) select id, 25, 23.50 from brand),
    campaign as (
      insert into public.campaigns (client_id, campaign_name, billing_entity)
      select id, 'Campaign', 'client' from client returning id),
    condition as (
      insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id,
        card_value, is_self_service, requires_opt_in)
      select client.id, campaign.id, 1, 'Condition 1', brand.id, 25, true, ${requiresOptIn}
      from client, campaign, brand),
    pool as (
      insert into public.card_pools (client_id, brand_id, pool_name, denomination, stock_owner, cost_per_card)
      select client.id, brand.id, 'Pool', 25, ${stockOwner}, ${stockOwner === 'client' ? 0 : 23.5}
      from client, brand returning id)
    select client.id as "clientId", brand.id as "brandId", campaign.id as "campaignId", pool.id as "poolId"
    from client, brand, campaign, pool`;
  const people = await addRecipients(tenant.campaignId, recipients, place);
  return { ...tenant, recipients: people, recipient: people[0], cards: await stock(tenant.poolId, cards, place) };
}

/** Adds recipients to a campaign. */
export async function addRecipients(campaignId: string, howMany = 1, { database } = here): Promise<Recipient[]> {
  const people = Array.from({ length: howMany }, () => ({
    id: crypto.randomUUID(),
    firstName: 'Ada',
    phone: uniquePhone(),
    email: uniqueEmail(),
    token: `${symbols(4)}-${symbols(4)}-${symbols(4)}`,
  }));
  await database`
    with people as (
      select n.*, c.client_id, c.id as campaign_id
      from jsonb_to_recordset(${database.json(people)})
        as n (id uuid, "firstName" text, phone text, email text, token text), public.campaigns c
      where c.id = ${campaignId}),
    added as (
      insert into public.campaign_recipients (id, client_id, campaign_id, first_name, last_name, phone, email)
      select id, client_id, campaign_id, "firstName", 'Archer', phone, email from people)
    insert into public.recipient_codes (recipient_id, client_id, campaign_id, redemption_token)
    select id, client_id, campaign_id, token from people`;
  return people;
}

/** Uploads fresh cards through the real function, and returns them in clear text. */
export async function stock(poolId: string, howMany: number, { on } = here): Promise<Card[]> {
  if (howMany === 0) return [];
  const cards = Array.from({ length: howMany }, uniqueCard);
  const answer = await call('upload-gift-cards', { poolId, cards }, { on });
  assert.equal(answer.body?.imported, howMany, answer.text);
  return cards;
}
