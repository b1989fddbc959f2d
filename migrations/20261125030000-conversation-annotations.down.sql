DROP TABLE conversation_notes;
DROP TABLE conversation_assignments;
DROP TABLE conversation_labels;
