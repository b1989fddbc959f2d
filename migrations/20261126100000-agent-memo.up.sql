-- What of an agent's runs is kept and given again.

ALTER TABLE agents ADD COLUMN memo jsonb;

-- Every version says everything, so that a return to it leaves nothing of what came later.
UPDATE agent_versions SET definition = definition || '{"memo": null}';
