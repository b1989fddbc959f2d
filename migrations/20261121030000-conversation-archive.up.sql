ALTER TABLE conversations
  ADD COLUMN summary               text,
  ADD COLUMN customer_satisfaction smallint,
  ADD CONSTRAINT conversations_satisfaction_check CHECK (customer_satisfaction BETWEEN 1 AND 5);

-- The lists: newest first, by each filter that leaves few.
CREATE INDEX conversations_created ON conversations (tenant_id, created_at, conversation_id);
CREATE INDEX conversations_agent ON conversations (tenant_id, agent_id, created_at, conversation_id);
CREATE INDEX conversations_user ON conversations (tenant_id, user_id, created_at, conversation_id);
CREATE INDEX conversations_session ON conversations (tenant_id, session_id, created_at, conversation_id);

-- The words of a text, for searching: without stemming, because a conversation may be in any language. In scripts that put no spaces between words
-- every character is a word; plain ASCII is spared the look. A text vector has at most 1 MB, so of a very long message only the beginning is found.
CREATE FUNCTION search_vector(content text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('pg_catalog.simple', CASE WHEN octet_length(content) = length(content) THEN left(content, 100000)
    ELSE regexp_replace(left(content, 100000), '([\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF])', ' \1 ', 'g') END)
$$;
CREATE FUNCTION search_query(words text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT websearch_to_tsquery('pg_catalog.simple', regexp_replace(words, '([\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF])', ' \1 ', 'g'))
$$;
-- What waits to be sorted in is read by every search, and its room is never given back: 256 KiB of it, not 4 MiB.
CREATE INDEX messages_search ON messages USING gin (search_vector(content)) WITH (gin_pending_list_limit = 256);
-- A window always has the system messages.
CREATE INDEX messages_system ON messages (tenant_id, conversation_id, seq) WHERE role = 'system';

-- The second wall: a role that does not own these tables sees one tenant, the one that its transaction names, or nothing.
ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY conversations_tenant ON conversations USING (tenant_id = current_setting('nooble.tenant', true)) WITH CHECK (tenant_id = current_setting('nooble.tenant', true));
CREATE POLICY messages_tenant ON messages USING (tenant_id = current_setting('nooble.tenant', true)) WITH CHECK (tenant_id = current_setting('nooble.tenant', true));
