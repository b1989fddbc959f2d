-- A second model, and servers whose tools an agent may use.

ALTER TABLE agents ADD COLUMN fallback_model jsonb;
ALTER TABLE agents ADD COLUMN mcp_servers jsonb NOT NULL DEFAULT '[]';

-- Every version says everything, so that a return to it leaves nothing of what came later.
UPDATE agent_versions SET definition = definition || '{"fallbackModel": null, "mcpServers": []}';
