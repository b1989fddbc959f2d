-- Who was told of the end of an execution, and how each try went. A delivery has the id of its execution.
CREATE TABLE webhook_deliveries (
  tenant_id        text        NOT NULL,
  delivery_id      uuid        NOT NULL,
  type             text        NOT NULL,
  url              text        NOT NULL,
  status           text        NOT NULL,
  tries            jsonb       NOT NULL DEFAULT '[]',
  tries_left       integer     NOT NULL,
  next_try_at      timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT webhook_deliveries_pk PRIMARY KEY (tenant_id, delivery_id),
  CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('pending', 'delivered', 'failed'))
);
