-- What the FastAPI + PostgreSQL + Redis service keeps: normalised, indexed for the check.
CREATE TABLE api_keys (
  hash text PRIMARY KEY,
  project_id text NOT NULL,
  scopes text[] NOT NULL
);

CREATE TABLE product_features (
  project_id text NOT NULL,
  product_id text NOT NULL,
  feature_code text NOT NULL,
  value jsonb NOT NULL,
  PRIMARY KEY (project_id, product_id, feature_code)
);

CREATE TABLE prices (
  stripe_price_id text PRIMARY KEY,
  project_id text NOT NULL,
  product_id text NOT NULL
);

CREATE TABLE subscriptions (
  id text PRIMARY KEY,
  project_id text NOT NULL,
  user_id text NOT NULL,
  product_id text NOT NULL,
  status text NOT NULL,
  valid_from timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  as_of timestamptz NOT NULL
);

CREATE INDEX subscriptions_of_user ON subscriptions (project_id, user_id);

CREATE TABLE stripe_events (
  id text PRIMARY KEY,
  type text NOT NULL,
  payload jsonb NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);
