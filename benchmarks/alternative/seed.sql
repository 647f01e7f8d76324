-- The world of the benchmarks: one key, one product, a hundred users with a subscription.
INSERT INTO api_keys VALUES (:'hash', 'demo', '{entitlements}');
INSERT INTO product_features VALUES
  ('demo', 'pro', 'export', 'true'), ('demo', 'pro', 'devices', '5');
INSERT INTO prices VALUES ('price_pro_monthly', 'demo', 'pro');
INSERT INTO subscriptions
  (id, project_id, user_id, product_id, status, valid_from, period_end, as_of)
SELECT 'sub_' || n, 'demo', 'bench-' || n, 'pro', 'active', now(), now() + interval '30 days', now()
FROM generate_series(0, 99) n;
