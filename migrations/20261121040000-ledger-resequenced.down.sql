DELETE FROM migration_ledger WHERE outcome = 'resequenced';
ALTER TABLE migration_ledger
  DROP CONSTRAINT migration_ledger_outcome_check,
  ADD CONSTRAINT migration_ledger_outcome_check CHECK (outcome IN ('verified', 'failed'));
