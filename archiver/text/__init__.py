"""Text: bytes decoded, pages extracted, characters repaired, lines. All pure."""
