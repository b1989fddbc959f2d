UPDATE agent_versions SET definition = definition - 'onConflict';

ALTER TABLE agents DROP COLUMN on_conflict;
