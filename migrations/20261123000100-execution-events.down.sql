DROP INDEX executions_agent;
DROP TABLE execution_events;
