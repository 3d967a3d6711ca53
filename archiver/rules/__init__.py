"""Cleaning rules as data: what they are, how they load, how they decide."""
