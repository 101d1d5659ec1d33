"""``python -m aicodelint``."""

from __future__ import annotations

from aicodelint.cli.main import main

if __name__ == "__main__":
    main()
