ALTER TABLE api_keys
  DROP CONSTRAINT api_keys_id_unique,
  DROP COLUMN previous_key_hash,
  DROP COLUMN previous_valid_until,
  DROP COLUMN rotated_at;
