"""Rows: the columns, records as the archive holds them, their canonical form and digests."""
