-- When a conversation was archived, and where to look for those whose retention is over. The index names no column that an ordinary move changes.
ALTER TABLE conversations ADD COLUMN archived_at timestamptz;
CREATE INDEX conversations_retention ON conversations (tenant_id, status, created_at) WHERE (status = ANY (ARRAY['transferred'::text, 'archived'::text]));
