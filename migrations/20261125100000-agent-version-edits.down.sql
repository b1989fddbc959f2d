ALTER TABLE agent_versions DROP COLUMN edit_id;
