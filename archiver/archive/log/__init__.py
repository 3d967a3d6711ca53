"""The log: entries, the chain of their digests, what it has named; and what Delta readers see."""
