DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['tenants', 'api_keys', 'agents', 'agent_versions', 'agent_changes', 'conversations', 'messages', 'executions', 'execution_events', 'webhook_deliveries', 'commands', 'migration_ledger'] LOOP
    EXECUTE format('DROP POLICY one_tenant ON %I', name);
    IF name NOT IN ('conversations', 'messages') THEN EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', name); END IF;
  END LOOP;
END $$;
DROP PROCEDURE isolate_tenants(regclass);
CREATE POLICY conversations_tenant ON conversations USING (tenant_id = current_setting('nooble.tenant', true)) WITH CHECK (tenant_id = current_setting('nooble.tenant', true));
CREATE POLICY messages_tenant ON messages USING (tenant_id = current_setting('nooble.tenant', true)) WITH CHECK (tenant_id = current_setting('nooble.tenant', true));
-- The role stays: other databases of the server may use it.
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM nooble_app;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM nooble_app;
REVOKE USAGE ON SCHEMA public FROM nooble_app;
