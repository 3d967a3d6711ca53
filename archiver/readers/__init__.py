"""Readers: files and INDEX.md become sources, with their provenance."""
