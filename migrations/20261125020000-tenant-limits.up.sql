-- What a tenant may otherwise than its tier says.
ALTER TABLE tenants ADD COLUMN limits jsonb NOT NULL DEFAULT '{}';

-- What a run has cost, in millionths of a US dollar; null where nobody has said what its model costs.
ALTER TABLE executions ADD COLUMN cost_micros integer;
-- What a tenant has used since some time is read from the index alone; only after a loss of Redis, and once an hour.
CREATE INDEX executions_ended ON executions (tenant_id, ended_at);
