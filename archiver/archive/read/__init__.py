"""Reading parts: rows of Parquet files, one document, the newest revisions."""
