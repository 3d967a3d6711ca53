"""Near-duplicates: MinHash signatures of texts, and the index that finds the nearest before."""
