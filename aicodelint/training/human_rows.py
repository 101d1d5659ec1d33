"""How it is known that people wrote a row: values of the column ``tool`` of the labelled table (data's README)."""

from __future__ import annotations

BEFORE_MODELS = "before-september-2022"
BEFORE_AGENTS = "before-agents"
"""Added between September 2022 and mid-2024 without any declaration: a few pasted answers may hide among them."""
NO_AI_POLICY = "no-ai-policy"
"""Of projects that forbid contributions by AI: modern and surely by people."""
