-- What operators say of conversations. `begun_at` is when the conversation began, which never changes: so these tables have the order of the lists.

CREATE TABLE conversation_labels (
  tenant_id        text        NOT NULL,
  conversation_id  uuid        NOT NULL,
  label            text        NOT NULL,
  begun_at         timestamptz NOT NULL,
  author           text        NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT conversation_labels_pk PRIMARY KEY (tenant_id, conversation_id, label)
);
CREATE INDEX conversation_labels_listed ON conversation_labels (tenant_id, label, begun_at, conversation_id);

CREATE TABLE conversation_assignments (
  tenant_id        text        NOT NULL,
  conversation_id  uuid        NOT NULL,
  assignee         text        NOT NULL,
  begun_at         timestamptz NOT NULL,
  author           text        NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT conversation_assignments_pk PRIMARY KEY (tenant_id, conversation_id)
);
CREATE INDEX conversation_assignments_listed ON conversation_assignments (tenant_id, assignee, begun_at, conversation_id);

CREATE TABLE conversation_notes (
  tenant_id        text        NOT NULL,
  conversation_id  uuid        NOT NULL,
  note_id          uuid        NOT NULL, -- begins with its time
  text             text        NOT NULL,
  author           text        NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT conversation_notes_pk PRIMARY KEY (tenant_id, conversation_id, note_id)
);
CALL isolate_tenants('conversation_labels');
CALL isolate_tenants('conversation_assignments');
CALL isolate_tenants('conversation_notes');
