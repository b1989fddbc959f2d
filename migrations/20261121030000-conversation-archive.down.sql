DROP POLICY messages_tenant ON messages;
DROP POLICY conversations_tenant ON conversations;
ALTER TABLE messages DISABLE ROW LEVEL SECURITY;
ALTER TABLE conversations DISABLE ROW LEVEL SECURITY;

DROP INDEX messages_system;
DROP INDEX messages_search;
DROP FUNCTION search_vector(text);
DROP FUNCTION search_query(text);

DROP INDEX conversations_session;
DROP INDEX conversations_user;
DROP INDEX conversations_agent;
DROP INDEX conversations_created;

ALTER TABLE conversations
  DROP CONSTRAINT conversations_satisfaction_check,
  DROP COLUMN customer_satisfaction,
  DROP COLUMN summary;
