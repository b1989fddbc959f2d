DROP INDEX executions_queued;
