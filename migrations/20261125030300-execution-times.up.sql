-- Statistics of executions over a span of time.
CREATE INDEX executions_queued ON executions (tenant_id, queued_at);
