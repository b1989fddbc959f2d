-- What becomes of a turn while another one of its conversation has not ended.
ALTER TABLE agents ADD COLUMN on_conflict text NOT NULL DEFAULT 'enqueue';

UPDATE agent_versions SET definition = definition || '{"onConflict": "enqueue"}';
