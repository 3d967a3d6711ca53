"""Files on disk: durable writes, locks, staging, what is put aside; nothing of Delta or bags."""
