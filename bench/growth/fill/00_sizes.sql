-- What the fill is made of: how many rows, whose they are, when they were made. Ids are computed, so that each table is one statement.
-- The runner sets growth.rows and growth.clients; triggers and foreign keys are off (session_replication_role = replica).

create schema growth;
grant usage on schema growth to public;

create function growth.rows() returns int language sql stable as $$ select current_setting('growth.rows')::int $$;
create function growth.clients() returns int language sql stable as $$ select current_setting('growth.clients')::int $$;
create function growth.customers() returns int language sql stable as $$ select growth.rows() / 10 $$;

-- n::text: with an operand that is not text, || is not immutable, and the function would be called instead of inlined
create function growth.id(kind text, n bigint) returns uuid language sql immutable parallel safe as $$
  select md5(kind || ':' || n::text)::uuid
$$;

-- Client 1 has three rows of ten, client 2 the rows 4 to 8, the others share what is left.
create function growth.client_number(n bigint) returns bigint language sql stable as $$
  select case when n % 10 < 3 then 1 when n < 9 then 2 else 3 + n % (growth.clients() - 2) end
$$;
create function growth.client(n bigint) returns uuid language sql stable as $$
  select growth.id('client', growth.client_number(n))
$$;
-- Customers are shared out like rows; what a wallet has belongs to the client of its customer.
create function growth.customer(n bigint) returns bigint language sql stable as $$
  select (n - 1) % growth.customers() + 1
$$;
create function growth.customer_client(n bigint) returns uuid language sql stable as $$
  select growth.client(growth.customer(n))
$$;

-- Row n of `of` rows over the last so many days, the oldest first; the newest is an hour old.
create function growth.at(n bigint, days int default 364, of int default growth.rows()) returns timestamptz language sql stable as $$
  select now() - interval '1 hour' - days * interval '1 day' * (1 - least(n::float8 / of, 1))
$$;

-- The running hash of a tenant's audit events, as private.link_audit_chain computes it one by one.
create function growth.next_hash(previous bytea, event public.audit_events) returns bytea language sql immutable as $$
  select private.audit_hash(previous, event)
$$;
create aggregate growth.chain(public.audit_events) (sfunc = growth.next_hash, stype = bytea);
