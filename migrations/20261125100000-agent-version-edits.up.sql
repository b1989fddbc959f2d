-- The edit that made a version, where its caller may send it twice.
ALTER TABLE agent_versions ADD COLUMN edit_id uuid;
