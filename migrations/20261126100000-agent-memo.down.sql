UPDATE agent_versions SET definition = definition - 'memo';

ALTER TABLE agents DROP COLUMN memo;
