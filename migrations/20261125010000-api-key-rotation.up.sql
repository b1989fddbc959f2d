ALTER TABLE api_keys
  ADD COLUMN previous_key_hash    bytea,       -- the secret before the last rotation, while it still counts
  ADD COLUMN previous_valid_until timestamptz,
  ADD COLUMN rotated_at           timestamptz,
  ADD CONSTRAINT api_keys_previous_hash_unique UNIQUE (previous_key_hash),
  ADD CONSTRAINT api_keys_id_unique UNIQUE (key_id);
