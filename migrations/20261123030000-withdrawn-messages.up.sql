-- Messages that were taken back, by their seqs, oldest first: they stay, and are shown to nobody who does not ask for them.
ALTER TABLE conversations ADD COLUMN withdrawn_seqs integer[] NOT NULL DEFAULT '{}';
