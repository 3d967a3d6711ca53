"""``python -m archiver`` is the command ``archiver``."""

from __future__ import annotations

from archiver.cli.main import main

if __name__ == "__main__":  # worker processes that import this module must not run it
    main()
