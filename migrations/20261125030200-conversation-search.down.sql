DROP FUNCTION search_conversations(text, jsonb, integer);
ALTER INDEX messages_search ALTER COLUMN 1 SET STATISTICS -1;
DROP INDEX conversations_unfinished;
