DROP TRIGGER conversations_put ON conversations;
DROP TRIGGER conversations_changed ON conversations;
DROP TRIGGER conversations_taken ON conversations;
DROP FUNCTION note_conversation_totals();
DROP TABLE conversation_total_changes;
DROP TABLE conversation_totals;
