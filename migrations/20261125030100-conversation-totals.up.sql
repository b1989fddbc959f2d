-- How many conversations there are, by agent, status and day (UTC) of their beginning, without deleted ones. What a statement changes of them is added as rows,
-- so that nobody waits for another's counter; they are folded into the totals now and then. The number is the sum of both tables, at every moment.

CREATE TABLE conversation_totals (
  tenant_id      text    NOT NULL,
  day            date    NOT NULL,
  agent_id       uuid    NOT NULL,
  status         text    NOT NULL,
  conversations  bigint  NOT NULL,
  messages       bigint  NOT NULL,
  tokens         bigint  NOT NULL,
  ratings        bigint  NOT NULL, -- conversations with a satisfaction
  rating_sum     bigint  NOT NULL,
  satisfied      bigint  NOT NULL, -- those with 4 or 5
  CONSTRAINT conversation_totals_pk PRIMARY KEY (tenant_id, day, agent_id, status)
);

CREATE TABLE conversation_total_changes (
  tenant_id      text    NOT NULL,
  change_id      uuid    NOT NULL,
  day            date    NOT NULL,
  agent_id       uuid    NOT NULL,
  status         text    NOT NULL,
  conversations  bigint  NOT NULL,
  messages       bigint  NOT NULL,
  tokens         bigint  NOT NULL,
  ratings        bigint  NOT NULL,
  rating_sum     bigint  NOT NULL,
  satisfied      bigint  NOT NULL,
  CONSTRAINT conversation_total_changes_pk PRIMARY KEY (tenant_id, change_id)
);

-- `sign` 1 for what a statement has put there, -1 for what it has taken away. What comes to nothing is not noted: most changes of a row are of neither.
CREATE FUNCTION note_conversation_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO conversation_total_changes (change_id, tenant_id, day, agent_id, status, conversations, messages, tokens, ratings, rating_sum, satisfied)
    SELECT gen_random_uuid(), tenant_id, (created_at AT TIME ZONE 'UTC')::date, agent_id, status, count(*), sum(message_count), sum(token_count),
      count(customer_satisfaction), coalesce(sum(customer_satisfaction), 0), count(*) FILTER (WHERE customer_satisfaction >= 4)
    FROM put WHERE status <> 'deleted' GROUP BY 2, 3, 4, 5;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO conversation_total_changes (change_id, tenant_id, day, agent_id, status, conversations, messages, tokens, ratings, rating_sum, satisfied)
    SELECT gen_random_uuid(), tenant_id, (created_at AT TIME ZONE 'UTC')::date, agent_id, status, -count(*), -sum(message_count), -sum(token_count),
      -count(customer_satisfaction), -coalesce(sum(customer_satisfaction), 0), -count(*) FILTER (WHERE customer_satisfaction >= 4)
    FROM taken WHERE status <> 'deleted' GROUP BY 2, 3, 4, 5;
  ELSE
    INSERT INTO conversation_total_changes (change_id, tenant_id, day, agent_id, status, conversations, messages, tokens, ratings, rating_sum, satisfied)
    SELECT gen_random_uuid(), tenant_id, (created_at AT TIME ZONE 'UTC')::date, agent_id, status, sum(sign), sum(sign * message_count), sum(sign * token_count),
      coalesce(sum(sign) FILTER (WHERE customer_satisfaction IS NOT NULL), 0), coalesce(sum(sign * customer_satisfaction), 0), coalesce(sum(sign) FILTER (WHERE customer_satisfaction >= 4), 0)
    FROM (SELECT 1 AS sign, * FROM put UNION ALL SELECT -1, * FROM taken) AS changed
    WHERE status <> 'deleted' GROUP BY 2, 3, 4, 5
    HAVING sum(sign) <> 0 OR sum(sign * message_count) <> 0 OR sum(sign * token_count) <> 0 OR sum(sign * customer_satisfaction) <> 0 OR sum(sign) FILTER (WHERE customer_satisfaction IS NOT NULL) <> 0;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER conversations_put AFTER INSERT ON conversations REFERENCING NEW TABLE AS put FOR EACH STATEMENT EXECUTE FUNCTION note_conversation_totals();
CREATE TRIGGER conversations_changed AFTER UPDATE ON conversations REFERENCING NEW TABLE AS put OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION note_conversation_totals();
CREATE TRIGGER conversations_taken AFTER DELETE ON conversations REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION note_conversation_totals();

INSERT INTO conversation_totals (tenant_id, day, agent_id, status, conversations, messages, tokens, ratings, rating_sum, satisfied)
SELECT tenant_id, (created_at AT TIME ZONE 'UTC')::date, agent_id, status, count(*), sum(message_count), sum(token_count),
  count(customer_satisfaction), coalesce(sum(customer_satisfaction), 0), count(*) FILTER (WHERE customer_satisfaction >= 4)
FROM conversations WHERE status <> 'deleted' GROUP BY 1, 2, 3, 4;
CALL isolate_tenants('conversation_totals');
CALL isolate_tenants('conversation_total_changes');
