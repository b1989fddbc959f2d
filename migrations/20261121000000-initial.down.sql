DROP TABLE executions, migration_ledger, messages, conversations, agents, api_keys, tenants;
