UPDATE agent_versions SET definition = definition - 'fallbackModel' - 'mcpServers';

ALTER TABLE agents DROP COLUMN mcp_servers;
ALTER TABLE agents DROP COLUMN fallback_model;
