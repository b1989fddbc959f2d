-- Every definition that an agent has had, and agents that are deleted without being gone.

ALTER TABLE agents ADD COLUMN deleted_at timestamptz;

-- The slug of a deleted agent is free again.
ALTER TABLE agents DROP CONSTRAINT agents_slug_unique;
CREATE UNIQUE INDEX agents_slug_unique ON agents (tenant_id, slug) WHERE deleted_at IS NULL;

CREATE TABLE agent_versions (
  tenant_id   text        NOT NULL,
  agent_id    uuid        NOT NULL,
  version     integer     NOT NULL,
  definition  jsonb       NOT NULL, -- the agent's fields by their names on the wire
  created_at  timestamptz NOT NULL,
  CONSTRAINT agent_versions_pk PRIMARY KEY (tenant_id, agent_id, version),
  CONSTRAINT agent_versions_agent_fk FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, agent_id)
);

INSERT INTO agent_versions (tenant_id, agent_id, version, definition, created_at)
SELECT tenant_id, agent_id, version,
  jsonb_build_object(
    'name', name, 'slug', slug, 'description', description, 'type', type, 'systemPrompt', system_prompt, 'background', background,
    'provider', provider, 'model', model, 'temperature', temperature, 'maxTokens', max_tokens, 'tools', tools, 'collections', collections,
    'maxIterations', max_iterations, 'maxHistoryMessages', max_history_messages, 'isPublic', is_public, 'isActive', is_active,
    'minimumTier', minimum_tier, 'tags', tags),
  updated_at
FROM agents;
