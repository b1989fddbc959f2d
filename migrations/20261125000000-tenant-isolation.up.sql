-- The second wall: the server works as a role that owns no table, and a role that does not own a table sees the rows of one tenant, the one that its
-- transaction names in nooble.tenant, or nothing. '~system' is no tenant's name and stands for all of them: sweeps, retention, the look-up of keys.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nooble_app') THEN CREATE ROLE nooble_app NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  -- Roles are the whole server's: another database of it is making this one.
  NULL;
END $$;
DO $$ BEGIN
  IF NOT pg_has_role(current_user, 'nooble_app', 'MEMBER') THEN GRANT nooble_app TO CURRENT_USER; END IF;
END $$;
GRANT USAGE ON SCHEMA public TO nooble_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO nooble_app;
REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM nooble_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO nooble_app;

-- The setting is looked up once for a statement, not once for a row.
CREATE PROCEDURE isolate_tenants(name regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY one_tenant ON %s USING (tenant_id = (SELECT current_setting(''nooble.tenant'', true)) OR (SELECT current_setting(''nooble.tenant'', true)) = ''~system'')', name);
END $$;

DROP POLICY conversations_tenant ON conversations;
DROP POLICY messages_tenant ON messages;
CALL isolate_tenants('tenants');
CALL isolate_tenants('api_keys');
CALL isolate_tenants('agents');
CALL isolate_tenants('agent_versions');
CALL isolate_tenants('agent_changes');
CALL isolate_tenants('conversations');
CALL isolate_tenants('messages');
CALL isolate_tenants('executions');
CALL isolate_tenants('execution_events');
CALL isolate_tenants('webhook_deliveries');
CALL isolate_tenants('commands');
CALL isolate_tenants('migration_ledger');
