"""Files that a program wrote from something else: lock files, names that generators use, and the notices they leave at the top."""

from __future__ import annotations

import re

_LOCK_FILES = frozenset(
    {
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
        "deno.lock",
        "poetry.lock",
        "pdm.lock",
        "uv.lock",
        "pipfile.lock",
        "pixi.lock",
        "conda-lock.yml",
        "cargo.lock",
        "composer.lock",
        "gemfile.lock",
        "podfile.lock",
        "go.sum",
        "go.work.sum",
        "mix.lock",
        "pubspec.lock",
        "packages.lock.json",
        "package.resolved",
        "gradle.lockfile",
        "flake.lock",
        "cartfile.resolved",
        "manifest.toml",
        ".pnp.cjs",
        ".pnp.js",
        ".pnp.loader.mjs",
        ".terraform.lock.hcl",
    }
)
_NAME = re.compile(
    r"""(?:_pb2(?:_grpc)?\.pyi?|[._]pb\.(?:go|cc|h|rb|swift|dart|js|ts)|\.pb\.gw\.go|_pb\.(?:js|d\.ts|rb)|_grpc\.pb\.go|\.grpc\.pb\.(?:cc|h)
    |\.g\.(?:dart|cs|kt)|\.g\.i\.cs|\.freezed\.dart|\.designer\.(?:cs|vb)|\.generated\.\w{1,6}|\.gen\.(?:go|ts|js|rs|dart)
    |_generated\.(?:go|rs|h|py|ts|swift|cs|kt))$
    |^(?:zz_generated\.|moc_\w+\.(?:cpp|cc|h)$|qrc_\w+\.cpp$|ui_\w+\.h$|mocs_compilation)""",
    re.VERBOSE | re.ASCII,
)
_WORDS = ("generated", "made by", "automatically", "do not", "don't", "don\u2019t", "not edit", "not be edit", "edits will", "edit will")
_LINES = 30
_WIDTH = 400
_PREAMBLE = 2
_COMMENT = ("#", "//", "/*", "*", "--", ";", "%", "<!--", '"""', "'''", "dnl ", "rem ", "=begin")
_BLOCKS = (("/*", "*/"), ('"""', '"""'), ("'''", "'''"), ("<!--", "-->"), ("=begin", "=end"))
_ALONE = re.compile(
    r"""code\ generated\ (?:by|from)\ .{0,300}do\ not\ edit
    |^\W{0,12}@generated\b(?!\ by\ hand)
    |<auto-?generated\b
    |generated\ by\ the\ protocol\ buffer\ compiler
    |(?:this\ (?:\w+\ )?file|this\ code|this\ module|this\ header|file|code)\ (?:is|was|has\ been)\ (?:\w+\ )?(?:auto-?generated
    |automatically\ (?:generated|created|produced)
    |generated\ automatically|machine-?generated|auto\ generated)
    |^\W{0,12}(?:auto-?generated|automatically\ generated|machine\ generated|generated\ automatically)\ (?:by|from|with|using|on|at|file|code)\b
    |^\W{0,12}(?:auto-?generated|automatically\ generated)[\s.!,;:*/-]{0,9}$
    |^\W{0,12}generated\ (?:by|from|with|using)\ (?:django\ \d|cython|swig|antlr|thrift|bison|flex|gnu\ autoconf|gnu\ m4|autoconf|ply|lark
    |coffeescript|typescript|babel
    |sphinx|doxygen|cmake|bindgen|rust-bindgen|cbindgen|jooq|mockgen|sqlc|swagger|openapi|graphql|flatc|protoc|the\ grpc|grpc|buf|pyuic
    |uic\b|qt\ |vala|re2c|ragel|javacc
    |jflex|yacc|gperf|esbuild|rollup|webpack|h2py|pyrcc|wayland-scanner|gdbus-codegen|glib|configure\b|xsd|apache\ thrift|nswag|dart\ build
    |build_runner|capnp|the\ capnp)
    |generated\ by\ gnu\ autoconf|generated\ from\ .{0,200}\bby\ (?:antlr|configure|automake|cython|configpaths|h2xs|xsubpp)
    |a\ bison\ parser,\ made\ by|a\ lexical\ scanner\ generated\ by\ flex|\.pb\.go\ is\ a\ generated|definition\ file\ generated\ by\ swig
    |automatically\ generated\ by\ (?:swig|the\ fbs|the\ flatbuffers)
    |made\ by\ a\ program""",
    re.VERBOSE,
)
_GENERATED = re.compile(r"\b(?:auto-?|re-?)?generated\b|\bautogen\b|\bbuilt\ (?:from|by)\b|\bcreated\ (?:automatically|by)\b", re.VERBOSE)
_HANDS_OFF = re.compile(
    r"\bdo(?:\ not|n['\u2019]?t)\ (?:edit|modify|change|touch|muck)|\bnot\ (?:be\ )?edit(?:ed)?\b|edits?\ will\ be\ (?:lost|overwritten)",
    re.VERBOSE,
)
_AI = re.compile(
    r"\b(?:ai|a\.i\.|llms?|gpt[-\w.]{0,12}|chat-?gpt|claude|anthropic|openai|codex|copilot|cursor|gemini|bard|gemma|deepseek"
    r"|qwen|llama|codellama|mistral|codestral|grok|starcoder"
    r"|wizardcoder|phi-\d|granite|aider|devin|windsurf|cody|codeium|tabnine|amazon\ q|jules|kimi|glm|language\ model|neural|assistant|agent)\b"
)


def is_lock_file(name: str) -> bool:
    """Tell whether a file of this name pins versions for a package manager."""
    return name.lower() in _LOCK_FILES


def is_generated_name(name: str) -> bool:
    """Tell whether a code generator is known to name its output so."""
    return _NAME.search(name.lower()) is not None


def has_notice(text: str) -> bool:
    """Tell whether a comment in the first 30 lines says that a program made this file.

    A notice that names an AI is none: that is what this linter is there to see.
    """
    head = text[: _LINES * _WIDTH].lower()
    if not any(word in head for word in _WORDS):
        return False
    comments = _comments(head)
    for number, line in enumerate(comments):
        if not any(word in line for word in _WORDS):
            continue
        near = " ".join(comments[max(0, number - 2) : number + 3])
        if _AI.search(line):
            continue
        if _ALONE.search(line):
            return not _AI.search(near)
        if _HANDS_OFF.search(line) and _GENERATED.search(near):
            return not _AI.search(near)
    return False


def _comments(head: str) -> list[str]:
    """Return the comment lines before the code begins, or after a line or two of it (``<?php``, a package clause), each cut to a bounded width.

    A docstring counts as a comment.
    """
    found = []
    closing: str | None = None
    preamble = _PREAMBLE
    for line in head.split("\n", _LINES)[:_LINES]:
        short = line[:_WIDTH].strip()
        if closing is not None:
            found.append(short)
            if closing in short:
                closing = None
            continue
        if not short.startswith(_COMMENT):
            preamble -= bool(short)
            if preamble < 0:
                break
            continue
        found.append(short)
        for opening, close in _BLOCKS:
            if short.startswith(opening) and close not in short[len(opening) :]:
                closing = close
                break
    return found
