"""Finding damage: what ``validate`` checks, what is due, and the log of fixity checks."""
