"""aicodelint: says which source files look AI-generated and which model family wrote them."""

from __future__ import annotations

__version__ = "0.1.0"
