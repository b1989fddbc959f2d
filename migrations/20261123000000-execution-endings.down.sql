ALTER TABLE executions DROP COLUMN command_id, DROP COLUMN webhook_url;
