ALTER TABLE conversations DROP COLUMN withdrawn_seqs;
