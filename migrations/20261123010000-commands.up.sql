-- What was asked of an agent, by its temporary id and by its UUID, and what came of it.
CREATE TABLE commands (
  tenant_id        text             NOT NULL,
  command_id       uuid             NOT NULL,
  temporary_id     text             NOT NULL,
  agent_id         uuid             NOT NULL,
  agent_background text,
  task             text             NOT NULL,
  description      text,
  targets          text[]           NOT NULL,
  provider         text,
  model            text,
  temperature      double precision,
  max_tokens       integer,
  user_id          text,
  metadata         jsonb            NOT NULL,
  status           text             NOT NULL,
  execution_id     uuid             NOT NULL,
  conversation_id  uuid,
  session_id       text,
  results          jsonb            NOT NULL,
  error            jsonb,
  input_tokens     integer,
  output_tokens    integer,
  duration_ms      bigint,
  created_at       timestamptz      NOT NULL,
  updated_at       timestamptz      NOT NULL,
  CONSTRAINT commands_pk PRIMARY KEY (tenant_id, command_id),
  CONSTRAINT commands_status_check CHECK (status IN ('pending', 'completed', 'failed', 'cancelled'))
);
CREATE UNIQUE INDEX commands_temporary_unique ON commands (tenant_id, temporary_id);
CREATE INDEX commands_agent ON commands (tenant_id, agent_id, command_id);
