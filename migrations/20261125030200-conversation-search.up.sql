-- The lists by status: those that are not at rest have an index, too. (Those that are: conversations_retention.)
CREATE INDEX conversations_unfinished ON conversations (tenant_id, status, created_at, conversation_id) WHERE (status = ANY (ARRAY['active'::text, 'completed'::text]));

-- More words whose frequency is known: what is not among them is rare.
ALTER INDEX messages_search ALTER COLUMN 1 SET STATISTICS 1000;

-- Conversations of the transaction's tenant with a message that has the words, newest first, and how many there are.
--
-- It runs as its owner, whom no policy hides a row from, and filters by tenant itself: for any other role the words would have to wait until a policy has
-- looked at every message, because `@@` is not leakproof, and no index could be used. Why it looks in two ways: docs/decisions/0049.
--
-- `filter`: agentId, userId, sessionId, status, label, assignee, from, to; `except`: ids to be left out; `beforeAt` and `beforeId`: where the page before ended.
-- `total` is null where the words are in so many messages that the newest conversations were looked through instead. A page without any may have one row without an id.
CREATE FUNCTION search_conversations(words text, filter jsonb, wanted integer) RETURNS TABLE (found_id uuid, total bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET random_page_cost = 1.1 AS $$
DECLARE
  few_messages CONSTANT float8 := 10000;
  few_conversations CONSTANT integer := 1000;
  first_look CONSTANT integer := 500;
  long_look CONSTANT integer := 3000;
  tenant CONSTANT text := current_setting('nooble.tenant', true);
  query CONSTANT tsquery := search_query(words);
  wanted_rows CONSTANT text := concat(
    format('c.tenant_id = %L AND c.status <> ''deleted''', tenant),
    ' AND c.agent_id = ' || quote_literal(filter->>'agentId') || '::uuid',
    ' AND c.user_id = ' || quote_literal(filter->>'userId'),
    ' AND c.session_id = ' || quote_literal(filter->>'sessionId'),
    ' AND c.status = ' || quote_literal(filter->>'status'),
    ' AND c.created_at >= ' || quote_literal(filter->>'from') || '::timestamptz',
    ' AND c.created_at < ' || quote_literal(filter->>'to') || '::timestamptz',
    ' AND c.conversation_id <> ALL (' || quote_literal(filter->>'except') || '::uuid[])',
    ' AND EXISTS (SELECT FROM conversation_labels l WHERE l.tenant_id = c.tenant_id AND l.conversation_id = c.conversation_id AND l.label = ' || quote_literal(filter->>'label') || ')',
    ' AND EXISTS (SELECT FROM conversation_assignments a WHERE a.tenant_id = c.tenant_id AND a.conversation_id = c.conversation_id AND a.assignee = ' || quote_literal(filter->>'assignee') || ')');
  behind CONSTANT text := coalesce(' AND (c.created_at, c.conversation_id) < (' || quote_literal(filter->>'beforeAt') || '::timestamptz, ' || quote_literal(filter->>'beforeId') || '::uuid)', '');
  -- A page of what matches, and how many do.
  page_of CONSTANT text := 'SELECT c.conversation_id, n.total FROM (SELECT count(*) AS total FROM match) AS n
    LEFT JOIN LATERAL (SELECT * FROM match c WHERE true%s ORDER BY c.created_at DESC, c.conversation_id DESC LIMIT %s) AS c ON true';
  has_words text := format(' AND search_vector(m.content) @@ %L::tsquery', query);
  plan json;
  size integer;
  page uuid[];
BEGIN
  EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM messages WHERE search_vector(content) @@ %L::tsquery', query) INTO plan;
  IF (plan->0->'Plan'->>'Plan Rows')::float8 > few_messages THEN
    -- Where every word must be there, most messages are told by the letters alone, at a tenth of the price.
    IF query::text !~ '[|!]' THEN
      SELECT concat(string_agg(format(' AND strpos(lower(m.content), %L) > 0', word), ''), has_words) INTO has_words FROM unnest(tsvector_to_array(search_vector(words))) AS word;
    END IF;
    -- As a value: the planner would take EXISTS for a join, and look the words up for all conversations first.
    has_words := format('(SELECT true FROM messages m WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.conversation_id AND m.seq <> ALL (c.withdrawn_seqs)%s LIMIT 1)', has_words);
    EXECUTE format('SELECT count(*) FROM (SELECT FROM conversations c WHERE %s LIMIT %s) AS c', wanted_rows, few_conversations + 1) INTO size;
    IF size <= few_conversations THEN
      RETURN QUERY EXECUTE format('WITH match AS MATERIALIZED (SELECT c.conversation_id, c.created_at FROM conversations c WHERE %s AND %s) ' || page_of, wanted_rows, has_words, behind, wanted);
      RETURN;
    END IF;
    FOREACH size IN ARRAY ARRAY[first_look, long_look] LOOP
      EXECUTE format($sql$
        WITH newest AS MATERIALIZED (SELECT c.tenant_id, c.conversation_id, c.withdrawn_seqs FROM conversations c WHERE %1$s%2$s ORDER BY c.created_at DESC, c.conversation_id DESC LIMIT %3$s)
        SELECT array(SELECT c.conversation_id FROM newest c WHERE %4$s LIMIT %5$s) || CASE WHEN (SELECT count(*) FROM newest) < %3$s THEN array[NULL::uuid] ELSE '{}' END$sql$,
        wanted_rows, behind, size, has_words, wanted) INTO page;
      -- The page is full, or nothing is behind it.
      IF cardinality(page) >= wanted OR (cardinality(page) > 0 AND page[cardinality(page)] IS NULL) THEN
        RETURN QUERY SELECT id, NULL::bigint FROM unnest(page) AS id;
        RETURN;
      END IF;
      EXIT WHEN cardinality(page) * long_look < wanted * size;
    END LOOP;
  END IF;
  RETURN QUERY EXECUTE format($sql$
    WITH hit AS MATERIALIZED (SELECT m.conversation_id, m.seq FROM messages m WHERE m.tenant_id = %1$L AND search_vector(m.content) @@ %2$L::tsquery),
    -- One after the other: the planner would rather read all conversations than ten thousand of them.
    match AS MATERIALIZED (
      SELECT DISTINCT c.conversation_id, c.created_at FROM hit CROSS JOIN LATERAL (
        SELECT * FROM conversations c WHERE c.conversation_id = hit.conversation_id AND hit.seq <> ALL (c.withdrawn_seqs) AND %3$s OFFSET 0) AS c) $sql$, tenant, query, wanted_rows) || format(page_of, behind, wanted);
END
$$;
REVOKE EXECUTE ON FUNCTION search_conversations(text, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_conversations(text, jsonb, integer) TO nooble_app;
