"""The bag around the tables: manifests and tag files, as RFC 8493 has them, and croissant.json."""
