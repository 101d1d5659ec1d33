"""Features of the comments of a text: how many, where, and how they are put. Topic words are kept out on purpose."""

from __future__ import annotations

import re
from collections import Counter

from aicodelint.detection.features.spread import mean_and_spread
from aicodelint.detection.lexing import Comment

_MARKERS = "/*#!=-\"' \t\n~+_─═"
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_PATTERNS = {
    "rule": r"[-=*~#_+]{5}|[─═━]{3}",
    "step": r"(?i:\bstep \d|\bphase \d)|^[/#* ]{1,6}\d\d?[.)] ",
    "tag": r"[@\\](?:param|return|throws|see|since|author|brief|type|example|deprecated|template)",
    "section": r"\b(?:Args|Returns|Raises|Parameters|Yields|Example|Examples|Notes?|Usage|Attributes|Arguments):?\n",
    "todo": r"TODO|FIXME|XXX|HACK",
    "parenthesis": r"\([a-z]",
    "long_dash": r" [\u2014\u2013] | -- ",
    "semicolon_clause": r"[a-z]; [a-z]",
    "colon_clause": r"[a-z]: [a-z]",
    "capitals": r"\b[A-Z]{3,}\b",
    "hyphenated": r"[a-z]-[a-z]",
    "contraction": r"[a-z]'(?:t|s|re|ll|ve|d)\b",
}
_COUNTED = {"link": "://", "backtick": "`", "question": "?", "exclamation": "! ", "arrow": "->", "plus": " + ", "call": "()"}
_COMPILED = {name: re.compile(pattern, re.MULTILINE | re.DOTALL) for name, pattern in _PATTERNS.items()}
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
        _GROUP_OF[_word] = (*_GROUP_OF.get(_word, ()), _name)


def comment_features(comments: tuple[Comment, ...], characters: int, lines: int) -> dict[str, float]:
    """Return the comment features of a text of so many characters and lines."""
    texts = [comment.text for comment in comments]
    joined = "\n".join(texts)
    count = len(texts)
    some = max(count, 1)
    bodies = [text.strip(_MARKERS) for text in texts]
    words = _WORD.findall(joined)
    lengths = [len(body) for body in bodies] or [0]
    rows = joined.count("\n") + 1 if count else 0
    last = [body[-1:] for body in bodies]
    first = [body[:1] for body in bodies]
    own = sum(comment.own_line for comment in comments)
    documentation = [comment for comment in comments if comment.documentation]
    trailing = [len(body) for body, comment in zip(bodies, comments, strict=True) if not comment.own_line]
    mean, spread = mean_and_spread(lengths)
    out = {
        "comment_count_log": float(count) ** 0.5,
        "comment_share": len(joined) / max(characters, 1),
        "comment_per_line": count / max(lines, 1),
        "comment_rows_share": rows / max(lines, 1),
        "comment_own_line": own / some,
        "comment_trailing_per_line": len(trailing) / max(lines, 1),
        "comment_trailing_length": sum(trailing) / max(len(trailing), 1),
        "comment_documentation": len(documentation) / some,
        "comment_documentation_share": sum(len(comment.text) for comment in documentation) / max(characters, 1),
        "comment_block": sum(text.startswith("/*") for text in texts) / some,
        "comment_several_rows": sum("\n" in text for text in texts) / some,
        "comment_rows_mean": rows / some,
        "comment_length_mean": mean,
        "comment_length_median": float(sorted(lengths)[len(lengths) // 2]),
        "comment_length_std": spread,
        "comment_length_cv": spread / (mean + 1),
        "comment_length_max_log": float(max(lengths)) ** 0.5,
        "comment_capital": sum(c.isupper() for c in first) / some,
        "comment_small": sum(c.islower() for c in first) / some,
        "comment_full_stop": last.count(".") / some,
        "comment_ends_colon": last.count(":") / some,
        "comment_ends_parenthesis": last.count(")") / some,
        "comment_empty": lengths.count(0) / some if count else 0.0,
        "comment_no_space": sum(len(text) > 2 and text.lstrip("/#*!")[:1].isalnum() for text in texts) / some,
        "comment_repeated": 1 - len(set(bodies)) / some if count else 0.0,
        "comment_non_ascii": 100 * (len(joined.encode("utf-8", "replace")) - len(joined)) / max(len(joined), 1),
    }
    out["comment_words_per_row"] = len(words) / max(rows, 1)
    out["comment_word_length"] = sum(map(len, words)) / max(len(words), 1)
    scale = 100 / (len(joined) + 200)
    for name, pattern in _COMPILED.items():
        out[f"comment_has_{name}"] = scale * len(pattern.findall(joined))
    for name, mark in _COUNTED.items():
        out[f"comment_has_{name}"] = scale * joined.count(mark)
    out.update(_word_groups(words))
    return out


def _word_groups(words: list[str]) -> dict[str, float]:
    groups = dict.fromkeys(_WORDS, 0)
    tally = Counter(word.lower() for word in words)
    for word in tally.keys() & _GROUP_OF.keys():
        for group in _GROUP_OF[word]:
            groups[group] += tally[word]
    total = len(words) + 20
    out = {f"comment_word_{group}": 100 * count / total for group, count in groups.items()}
    out["comment_lexical_variety"] = len(tally) / total
    return out
