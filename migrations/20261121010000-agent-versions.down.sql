DROP TABLE agent_versions;

-- Without deleted_at they would be back, some of them under a slug that another agent has now.
DELETE FROM agents WHERE deleted_at IS NOT NULL;
DROP INDEX agents_slug_unique;
ALTER TABLE agents DROP COLUMN deleted_at;
ALTER TABLE agents ADD CONSTRAINT agents_slug_unique UNIQUE (tenant_id, slug);
