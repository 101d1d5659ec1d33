from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "engine" / "support"))
sys.path.append(str(Path(__file__).parent / "support"))

from daemon_world import site, world
from warm_world import warm

__all__ = ["site", "warm", "world"]
