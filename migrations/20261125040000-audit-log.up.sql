-- What operators and administrators have done: one row before an action, one with its outcome after it. Nothing is ever changed here, nor taken away.
CREATE TABLE audit_log (
  tenant_id   text        NOT NULL, -- whose things it was done to; the system's own for those of all tenants
  entry_id    uuid        NOT NULL, -- UUIDv7: the same for both rows of an action
  is_outcome  boolean     NOT NULL,
  at          timestamptz NOT NULL,
  actor_kind  text        NOT NULL,
  actor_id    text,
  actor_name  text,
  action      text        NOT NULL,
  target      text,
  request_id  text        NOT NULL,
  outcome     text, -- success, or the code of the error
  details     jsonb       NOT NULL,
  CONSTRAINT audit_log_pk PRIMARY KEY (tenant_id, entry_id, is_outcome),
  CONSTRAINT audit_log_outcome_check CHECK (is_outcome = (outcome IS NOT NULL)),
  CONSTRAINT audit_log_actor_check CHECK (actor_kind IN ('key', 'adminKey', 'headers'))
);
-- For administrators, who read the actions of all tenants.
CREATE INDEX audit_log_newest ON audit_log (entry_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege', HINT = 'How old rows are taken out: docs/privacy.md.';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- The default privileges have given more.
REVOKE UPDATE, DELETE ON audit_log FROM nooble_app;
CALL isolate_tenants('audit_log');
