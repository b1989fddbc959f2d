-- Where a user's things are.
CREATE INDEX executions_user ON executions (tenant_id, user_id, execution_id);
CREATE INDEX commands_user ON commands (tenant_id, user_id, command_id);
CREATE INDEX commands_conversation ON commands (tenant_id, conversation_id);
CREATE INDEX commands_execution ON commands (tenant_id, execution_id);

-- Erasures of users, and what is left of one: a receipt that names nobody.
CREATE TABLE erasures (
  tenant_id         text        NOT NULL,
  erasure_id        uuid        NOT NULL,
  user_hash         text        NOT NULL, -- SHA-256 of tenant and user id, hexadecimal
  user_id           text,                 -- until it is completed
  status            text        NOT NULL,
  requested_by      text        NOT NULL, -- name of the API key, or how else he came
  requested_at      timestamptz NOT NULL,
  conversation_ids  uuid[]      NOT NULL DEFAULT '{}', -- what was found, until it is completed
  execution_ids     uuid[]      NOT NULL DEFAULT '{}',
  passes            integer     NOT NULL DEFAULT 0,
  counts            jsonb       NOT NULL DEFAULT '{}',
  error             text,                 -- code of what the last pass has failed with
  looked_at         timestamptz NOT NULL,
  verified_at       timestamptz,
  CONSTRAINT erasures_pk PRIMARY KEY (tenant_id, erasure_id),
  CONSTRAINT erasures_status_check CHECK (status IN ('pending', 'running', 'completed')),
  CONSTRAINT erasures_completed_check CHECK ((status = 'completed') = (user_id IS NULL) AND (status = 'completed') = (verified_at IS NOT NULL))
);
CREATE UNIQUE INDEX erasures_one_open ON erasures (tenant_id, user_hash) WHERE (user_id IS NOT NULL);
CALL isolate_tenants('erasures');
