"""Engines: many processes that do the work of one run."""
