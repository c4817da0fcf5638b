-- Who can log in. Addresses are compared without case, so the index that keeps them unique is on lower(email).
CREATE TABLE IF NOT EXISTS users (
    id         serial PRIMARY KEY,
    email      text NOT NULL,
    password   text NOT NULL,
    first_name text NOT NULL DEFAULT '',
    last_name  text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX IF NOT EXISTS users_email_without_case ON users (lower(email));
