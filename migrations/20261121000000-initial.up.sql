-- Every primary key begins with tenant_id, so that the tables can be distributed by tenant.

CREATE TABLE tenants (
  tenant_id   text        NOT NULL,
  name        text        NOT NULL,
  tier        text        NOT NULL,
  is_active   boolean     NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tenants_pk PRIMARY KEY (tenant_id),
  CONSTRAINT tenants_tier_check CHECK (tier IN ('free', 'advance', 'professional', 'enterprise'))
);

CREATE TABLE api_keys (
  tenant_id   text        NOT NULL,
  key_id      uuid        NOT NULL,
  key_hash    bytea       NOT NULL, -- SHA-256; the key itself is shown once and kept nowhere
  name        text        NOT NULL,
  scopes      text[]      NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz,
  revoked_at  timestamptz,
  CONSTRAINT api_keys_pk PRIMARY KEY (tenant_id, key_id),
  CONSTRAINT api_keys_hash_unique UNIQUE (key_hash),
  CONSTRAINT api_keys_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE agents (
  tenant_id            text        NOT NULL,
  agent_id             uuid        NOT NULL,
  version              integer     NOT NULL DEFAULT 1,
  name                 text        NOT NULL,
  slug                 text        NOT NULL,
  description          text,
  type                 text        NOT NULL,
  system_prompt        text        NOT NULL,
  background           text,
  provider             text        NOT NULL,
  model                text        NOT NULL,
  temperature          real        NOT NULL,
  max_tokens           integer     NOT NULL,
  tools                text[]      NOT NULL,
  collections          uuid[]      NOT NULL,
  max_iterations       integer     NOT NULL,
  max_history_messages integer     NOT NULL,
  is_public            boolean     NOT NULL,
  is_active            boolean     NOT NULL DEFAULT true,
  minimum_tier         text        NOT NULL,
  tags                 text[]      NOT NULL,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT agents_pk PRIMARY KEY (tenant_id, agent_id),
  CONSTRAINT agents_slug_unique UNIQUE (tenant_id, slug),
  CONSTRAINT agents_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE conversations (
  tenant_id        text        NOT NULL,
  conversation_id  uuid        NOT NULL,
  agent_id         uuid        NOT NULL,
  session_id       text        NOT NULL,
  user_id          text,
  status           text        NOT NULL,
  model            text        NOT NULL,
  message_count    integer     NOT NULL,
  token_count      bigint      NOT NULL,
  archived_seq     integer     NOT NULL,
  revision         bigint      NOT NULL, -- of the header that the row was last written from
  metadata         jsonb       NOT NULL,
  created_at       timestamptz NOT NULL,
  last_message_at  timestamptz NOT NULL,
  closed_at        timestamptz,
  CONSTRAINT conversations_pk PRIMARY KEY (tenant_id, conversation_id),
  CONSTRAINT conversations_status_check CHECK (status IN ('active', 'completed', 'transferred', 'archived', 'deleted'))
);

CREATE TABLE messages (
  tenant_id        text        NOT NULL,
  conversation_id  uuid        NOT NULL,
  seq              integer     NOT NULL,
  message_id       text        NOT NULL,
  role             text        NOT NULL,
  content          text        NOT NULL,
  tokens           integer     NOT NULL,
  agent_id         uuid,
  execution_id     uuid,
  metadata         jsonb,
  created_at       timestamptz NOT NULL,
  CONSTRAINT messages_pk PRIMARY KEY (tenant_id, conversation_id, seq),
  CONSTRAINT messages_message_id_unique UNIQUE (tenant_id, conversation_id, message_id),
  CONSTRAINT messages_conversation_fk FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, conversation_id),
  CONSTRAINT messages_role_check CHECK (role IN ('system', 'user', 'assistant', 'tool'))
);

CREATE TABLE migration_ledger (
  tenant_id        text        NOT NULL,
  ledger_id        uuid        NOT NULL,
  conversation_id  uuid        NOT NULL,
  from_seq         integer     NOT NULL,
  to_seq           integer     NOT NULL,
  message_count    integer     NOT NULL,
  checksum         text        NOT NULL, -- SHA-256 over seq, id, role and content of the range, hexadecimal
  duration_ms      integer     NOT NULL,
  attempt          integer     NOT NULL,
  outcome          text        NOT NULL,
  error            text,
  moved_at         timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT migration_ledger_pk PRIMARY KEY (tenant_id, ledger_id),
  CONSTRAINT migration_ledger_outcome_check CHECK (outcome IN ('verified', 'failed'))
);
CREATE INDEX migration_ledger_conversation ON migration_ledger (tenant_id, conversation_id, from_seq);

CREATE TABLE executions (
  tenant_id        text        NOT NULL,
  execution_id     uuid        NOT NULL,
  agent_id         uuid        NOT NULL,
  agent_version    integer,
  conversation_id  uuid        NOT NULL,
  session_id       text        NOT NULL,
  user_id          text,
  status           text        NOT NULL,
  attempt          integer     NOT NULL,
  result           jsonb,
  usage            jsonb,
  error            jsonb,
  context_source   text,
  last_event_seq   integer     NOT NULL,
  queued_at        timestamptz NOT NULL,
  started_at       timestamptz,
  first_token_at   timestamptz,
  ended_at         timestamptz,
  CONSTRAINT executions_pk PRIMARY KEY (tenant_id, execution_id),
  CONSTRAINT executions_status_check CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'timedOut'))
);
CREATE INDEX executions_conversation ON executions (tenant_id, conversation_id, execution_id);
