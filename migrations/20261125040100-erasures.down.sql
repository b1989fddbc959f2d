DROP TABLE erasures;
DROP INDEX commands_execution;
DROP INDEX commands_conversation;
DROP INDEX commands_user;
DROP INDEX executions_user;
