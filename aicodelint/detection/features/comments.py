"""Features of the comments of a text: how many, where, and how they are put. Topic words are kept out on purpose."""

from __future__ import annotations

import re
from collections import Counter

from aicodelint.detection.features.spread import mean_and_spread
from aicodelint.detection.lexing import Comment

_MARKERS = "/*#!=-\"' \t\n~+_─═"
_WORD = re.compile(r"[A-Za-z][A-Za-z]*(?:'[a-z]+)?")


# Where it can be, a pattern begins with what can begin it, not with a repeat or an alternative: the engine then skips to the next such
# character. Patterns of one feature never overlap.
_PATTERNS = {
    "rule": (r"[-=*~#_+][-=*~#_+]{4}", r"[─═━][─═━]{2}"),
    "step": (r" \d(?:(?<=(?i:\bstep \d))|(?<=(?i:\bphase \d)))", r"\n[/#* ]{1,6}\d\d?[.)] "),
    "todo": ("TODO|FIXME|XXX|HACK",),
    "parenthesis": (r"\([a-z]",),
    "long_dash": (r" [\u2014\u2013] | -- ",),
    "capitals": (r"[A-Z](?<!\w[A-Z])[A-Z]{2,}\b",),
    "hyphenated": (r"[a-z]-[a-z]",),
}
_COUNTED = {"link": "://", "backtick": "`", "question": "?", "exclamation": "! ", "arrow": "->", "plus": " + ", "call": "()"}
_FINDERS = {f"comment_has_{name}": [re.compile(pattern).findall for pattern in patterns] for name, patterns in _PATTERNS.items()}
_MARKS = {f"comment_has_{name}": mark for name, mark in _COUNTED.items()}
_WORDS = {
    "reasons": "because since so otherwise instead rather thus hence therefore",
    "fallback": "fallback fall fallbacks default defaults graceful gracefully",
    "ensure": "ensure ensures ensuring guarantee guarantees verify verifies prevent prevents avoid avoids",
    "never": "never must always only exactly even still already",
    "without": "without regardless unless before after while until via",
    "when": "when if whether where",
    "articles": "the a an",
    "pronouns": "i we you us our my your they",
    "this": "this that these those it its",
    "modals": "should can may might could would will cannot",
    "negation": "not no don't doesn't isn't won't can't",
    "prepositions": "of in on for with from by to as at into per",
    "conjunctions": "and or but",
    "check": "check checks checking validate validates validation",
    "handle": "handle handles handling",
    "create": "create creates build builds construct generate initialize initializes init",
    "get": "get gets fetch fetches retrieve retrieves load loads",
    "set": "set sets update updates add adds remove removes",
    "compute": "calculate calculates compute computes convert converts parse parses extract extracts",
    "return": "return returns returned returning",
    "test": "test tests testing assert asserts expect expected simulate mock mocks",
    "process": "process processing perform performs execute run runs",
    "optional": "optional optionally required existing empty valid invalid missing",
    "helper": "helper helpers utility main core logic",
    "hedges": "probably maybe hopefully seems apparently actually basically just really hack weird ugly stupid sorry",
    "note": "note important warning caution",
    "same": "same mirrors matches match consistent both single shared",
    "keep": "keep keeps use uses used using allow allows",
}
_GROUP_OF: dict[str, tuple[str, ...]] = {}
for _name, _list in _WORDS.items():
    for _word in _list.split():
        _GROUP_OF[_word] = (*_GROUP_OF.get(_word, ()), f"comment_word_{_name}")
_WORD_NAMES = tuple(f"comment_word_{name}" for name in _WORDS)


def comment_features(comments: tuple[Comment, ...], characters: int, lines: int) -> dict[str, float]:
    """Return the comment features of a text of so many characters and lines."""
    return _measure(comments, characters, lines) if comments else dict.fromkeys(_NAMES, 0.0)


def _measure(comments: tuple[Comment, ...], characters: int, lines: int) -> dict[str, float]:
    texts = [comment.text for comment in comments]
    joined = "\n".join(texts)
    bodies = [text.strip(_MARKERS) for text in texts]
    words = _WORD.findall(joined)
    rows = joined.count("\n") + 1
    out = _places(comments, joined, bodies, characters, lines)
    out.update(_manner(texts, bodies))
    out["comment_non_ascii"] = 100 * (len(joined.encode("utf-8", "replace")) - len(joined)) / max(len(joined), 1)
    out["comment_words_per_row"] = len(words) / rows
    out["comment_word_length"] = len("".join(words)) / max(len(words), 1)
    scale = 100 / (len(joined) + 200)
    lined = "\n" + joined
    for name, finders in _FINDERS.items():
        out[name] = scale * sum([len(find(lined)) for find in finders])
    for name, mark in _MARKS.items():
        out[name] = scale * joined.count(mark)
    out.update(_word_groups(words))
    return out


def _places(comments: tuple[Comment, ...], joined: str, bodies: list[str], characters: int, lines: int) -> dict[str, float]:
    """Return how many comments there are and where they stand; ``joined`` are their texts, one below the other."""
    count = len(comments)
    some = max(count, 1)
    rows = joined.count("\n") + 1 if count else 0
    trailing = [len(body) for body, comment in zip(bodies, comments, strict=True) if not comment.own_line]
    documentation = [len(comment.text) for comment in comments if comment.documentation]
    return {
        "comment_count_log": float(count) ** 0.5,
        "comment_share": len(joined) / max(characters, 1),
        "comment_per_line": count / max(lines, 1),
        "comment_rows_share": rows / max(lines, 1),
        "comment_own_line": (count - len(trailing)) / some,
        "comment_trailing_per_line": len(trailing) / max(lines, 1),
        "comment_trailing_length": sum(trailing) / max(len(trailing), 1),
        "comment_documentation": len(documentation) / some,
        "comment_documentation_share": sum(documentation) / max(characters, 1),
        "comment_block": sum([comment.text.startswith("/*") for comment in comments]) / some,
        "comment_several_rows": sum(["\n" in comment.text for comment in comments]) / some,
        "comment_rows_mean": rows / some,
    }


def _manner(texts: list[str], bodies: list[str]) -> dict[str, float]:
    """Return how comments begin, end and vary; ``bodies`` are the texts without their markers."""
    some = max(len(bodies), 1)
    lengths = sorted(map(len, bodies)) or [0]
    first = [body[:1] for body in bodies]
    last = [body[-1:] for body in bodies]
    mean, spread = mean_and_spread(lengths)
    return {
        "comment_length_mean": mean,
        "comment_length_median": float(lengths[len(lengths) // 2]),
        "comment_length_std": spread,
        "comment_length_cv": spread / (mean + 1),
        "comment_length_max_log": float(lengths[-1]) ** 0.5,
        "comment_capital": sum([c.isupper() for c in first]) / some,
        "comment_small": sum([c.islower() for c in first]) / some,
        "comment_full_stop": last.count(".") / some,
        "comment_ends_colon": last.count(":") / some,
        "comment_ends_parenthesis": last.count(")") / some,
        "comment_empty": last.count("") / some,
        "comment_no_space": sum([len(text) > 2 and text.lstrip("/#*!")[:1].isalnum() for text in texts]) / some,
        "comment_repeated": 1 - len(set(bodies)) / some if bodies else 0.0,
    }


def _word_groups(words: list[str]) -> dict[str, float]:
    groups = dict.fromkeys(_WORD_NAMES, 0)
    tally = Counter(map(str.lower, words))
    for word in tally.keys() & _GROUP_OF.keys():
        for group in _GROUP_OF[word]:
            groups[group] += tally[word]
    total = len(words) + 20
    out = {name: 100 * count / total for name, count in groups.items()}
    out["comment_lexical_variety"] = len(tally) / total
    return out


_NAMES = tuple(_measure((), 0, 1))
