-- The loyalty programme's database: members, and a ledger that only grows.
CREATE TABLE IF NOT EXISTS member (
    id text PRIMARY KEY,
    card_number text,
    title text,
    given_name text,
    family_name text,
    birth_name text,
    birth_date date,
    email text,
    mobile text,
    address_line text,
    postal_code text,
    city text,
    opt_in_email boolean,
    opt_in_at timestamptz,
    joined_at timestamptz,
    updated_at timestamptz
);
CREATE TABLE IF NOT EXISTS points_ledger (
    id bigint PRIMARY KEY,
    member_id text,
    kind text,
    points integer,
    sale_ref text,
    at timestamptz,
    expires_on date
);
