-- What is due, or overdue, of all tenants: few rows, whatever was delivered before.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_try_at, tenant_id, delivery_id) WHERE status = 'pending';
