"""Mending: what a power cut or damage left, by what the chain or a second copy vouches for."""
