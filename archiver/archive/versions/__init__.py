"""Versions beside each other: differences, exports, the upgrade of old archives."""
