DROP TABLE embedding_usage;
