-- What embeddings have used, by day of UTC: the part of a tenant's usage that is in no execution.
CREATE TABLE embedding_usage (
  tenant_id    text   NOT NULL,
  day          date   NOT NULL,
  tokens       bigint NOT NULL,
  cost_micros  bigint NOT NULL,
  CONSTRAINT embedding_usage_pk PRIMARY KEY (tenant_id, day)
);
CALL isolate_tenants('embedding_usage');
