-- Agents that were changed and whose cache entries are perhaps still valid: written with the change, removed when Redis has been told.
CREATE TABLE agent_changes (
  tenant_id   text        NOT NULL,
  change_id   uuid        NOT NULL,
  agent_id    uuid        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT agent_changes_pk PRIMARY KEY (tenant_id, change_id)
);
