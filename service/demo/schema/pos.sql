-- The tills' database: one row per customer card file, one per receipt.
CREATE TABLE IF NOT EXISTS customer (
    id text PRIMARY KEY,
    title text,
    first_name text,
    last_name text,
    birth_date date,
    email text,
    phone text,
    street text,
    postal_code text,
    city text,
    loyalty_card text,
    store text,
    created_at timestamptz,
    updated_at timestamptz
);
CREATE TABLE IF NOT EXISTS sale (
    id text PRIMARY KEY,
    customer_id text,
    store text,
    status text,
    total numeric(12, 2),
    sold_at timestamptz,
    lines jsonb
);
