"""``python -m aicodelint``, and what the command ``aicodelint`` runs: a scan by a fork of a warm process where there is one, else all of it here."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit: 0 nothing to report, 1 findings, 2 the job could not be done."""
    if sys.platform == "linux" and sys.argv[1:2] == ["scan"]:
        from aicodelint.warm.client import scan_warm

        code = scan_warm(sys.argv)
        if code is not None:
            os._exit(code)  # nothing was written here; taking the interpreter down in order would only take time
    from aicodelint.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
