-- Who wants to know of the end of an execution.
ALTER TABLE executions ADD COLUMN command_id uuid, ADD COLUMN webhook_url text;
