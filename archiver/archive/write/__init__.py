"""Adding a version: stage, publish, seal; a run that died leaves nothing that is not swept."""
