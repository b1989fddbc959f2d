-- The event logs of ended executions, in pages. Element i of `events` has seq first_seq + i: [type, at (epoch milliseconds), data].
CREATE TABLE execution_events (
  tenant_id     text    NOT NULL,
  execution_id  uuid    NOT NULL,
  first_seq     integer NOT NULL,
  events        jsonb   NOT NULL,
  CONSTRAINT execution_events_pk PRIMARY KEY (tenant_id, execution_id, first_seq)
);
-- For lists of a tenant's executions, newest first.
CREATE INDEX executions_agent ON executions (tenant_id, agent_id, execution_id);
