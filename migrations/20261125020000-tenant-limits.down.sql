DROP INDEX executions_ended;
ALTER TABLE executions DROP COLUMN cost_micros;

ALTER TABLE tenants DROP COLUMN limits;
