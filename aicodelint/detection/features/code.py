"""Features of the code itself: names, keywords, strings, numbers, Halstead-like and complexity measures, for any language."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter

from aicodelint.detection.features.spread import mean_and_spread
from aicodelint.detection.features.tokens import name_counts, numbers_of, operator_counts
from aicodelint.detection.lexing import Lexed

# Patterns begin with what can begin them, not with a look behind: the engine then skips to the next such character.
_DIGIT_AFTER = re.compile(r"\d(?<=[A-Za-z_]\d)")
_DECISIONS = frozenset("if elif elsif for foreach while case when catch except rescue guard unless until match switch".split())  # noqa: SIM905
_GROUPS = {
    "branch": "if else elif elsif switch case match when unless guard default",
    "loop": "for while foreach do until loop break continue",
    "return": "return yield",
    "try": "try except catch finally rescue begin",
    "raise": "raise throw throws panic abort exit die",
    "error": "Error Exception err error e ex exc errors TypeError ValueError RuntimeError Err",
    "null": "null None nil undefined NULL nullptr isset",
    "boolean": "true false True False bool boolean",
    "log": "log logger logging console print println printf warn warning info debug fmt echo puts Debug",
    "test": "test it describe expect assert assertEqual assertEquals assertTrue should Equal toBe toEqual mock Mock fixture",
    "define": "def function func fn fun class struct interface enum trait impl object record namespace module package",
    "access": "public private protected internal static final readonly abstract override virtual const",
    "import": "import from require include using use export",
    "self": "self this cls super base",
    "types": "int str string String float double char void long Integer Object List Dict Map Array number object usize u8 i32 size_t",
    "logic": "and or not in is instanceof typeof isinstance",
    "plain": "data result results value values item items key keys index i j k n x y s tmp temp obj arr res ret",
    "vague": "config options params args kwargs response request content message text output input path name id type status",
}
_GROUP_OF: dict[str, list[str]] = {}
for _group, _list in _GROUPS.items():
    for _word in _list.split():
        _GROUP_OF.setdefault(_word, []).append(_group)
_WORD_NAMES = tuple(f"word_{group}" for group in _GROUPS)


def code_features(lexed: Lexed, lines: int) -> dict[str, float]:
    """Return the features of names, keywords, strings, numbers and operators of a text that has so many lines."""
    tally = name_counts(lexed.code)
    total = sum(tally.values())
    out = _name_features(tally, total, lines)
    out.update(_keyword_features(tally, total, lines))
    out.update(_halstead(tally, total, operator_counts(lexed.code), lines))
    out.update(_string_features(lexed.strings, len(lexed.code), lines))
    out.update(_number_features(numbers_of(lexed.code), lines))
    return out


def _name_features(tally: Counter[str], total: int, lines: int) -> dict[str, float]:
    unique = [name for name in tally if name not in _GROUP_OF] or ["x"]
    some = len(unique)
    lengths = sorted(map(len, unique))
    joined = " " + " ".join(unique)
    snake, upper, pascal, camel = _cases(unique)
    counts = Counter(tally.values())
    bits = sum([times * count * math.log2(count) for count, times in counts.items()])
    mean, spread = mean_and_spread(lengths)
    return {
        "name_count_log": math.log1p(total),
        "name_per_line": total / max(lines, 1),
        "name_variety": len(tally) / (total + 1),
        "name_variety_root": len(tally) / math.sqrt(total + 1),
        "name_entropy": math.log2(total) - bits / total if total else 0.0,
        "name_once": counts[1] / (len(tally) + 1),
        "name_most_common": max(counts, default=0) / (total + 1),
        "name_length": mean,
        "name_length_std": spread,
        "name_length_used": sum([len(name) * count for name, count in tally.items()]) / (total + 1),
        "name_long": (some - bisect_right(lengths, 14)) / some,
        "name_very_long": (some - bisect_right(lengths, 22)) / some,
        "name_short": bisect_right(lengths, 2) / some,
        "name_snake": snake / some,
        "name_camel": camel / some,
        "name_pascal": pascal / some,
        "name_upper": upper / some,
        "name_digits": len(_DIGIT_AFTER.findall(joined)) / some,
        "name_underscore": joined.count(" _") / some,
        "name_mixed_case": min(snake, camel) / some,
    }


def _cases(names: list[str]) -> tuple[int, int, int, int]:
    """Return how many names are in snake_case, UPPER_CASE, PascalCase and camelCase."""
    snake = upper = pascal = camel = 0
    for name in names:
        if name.islower():
            snake += "_" in name[1:]
        elif name.isupper():
            upper += len(name) > 1
        elif "_" not in name:
            if name[0].isupper():
                pascal += 1
            else:
                camel += 1
    return snake, upper, pascal, camel


def _keyword_features(tally: Counter[str], total: int, lines: int) -> dict[str, float]:
    groups = dict.fromkeys(_GROUPS, 0)
    for word in tally.keys() & _GROUP_OF.keys():
        for group in _GROUP_OF[word]:
            groups[group] += tally[word]
    scale = total + 10
    out = {name: 100 * count / scale for name, count in zip(_WORD_NAMES, groups.values(), strict=True)}
    decisions = sum(tally[word] for word in tally.keys() & _DECISIONS)
    out["decisions_per_line"] = decisions / max(lines, 1)
    out["else_share"] = tally["else"] / (tally["if"] + 1)
    out["returns_per_definition"] = tally["return"] / (groups["define"] + 1)
    return out


def _halstead(names: Counter[str], name_total: int, operators: Counter[str], lines: int) -> dict[str, float]:
    operator_total = sum(operators.values())
    vocabulary = len(names) + len(operators)
    length = name_total + operator_total
    volume = length * math.log2(vocabulary + 1)
    logical = operators["&&"] + operators["||"]
    return {
        "halstead_volume_log": math.log1p(volume),
        "halstead_volume_per_line": volume / max(lines, 1),
        "halstead_difficulty": len(operators) / 2 * name_total / (len(names) + 1),
        "halstead_vocabulary": vocabulary / math.sqrt(length + 1),
        "operator_per_name": operator_total / (name_total + 1),
        "operator_kinds": float(len(operators)),
        "operator_logical": 100 * logical / (length + 10),
        "operator_conditional": 100 * operators["?"] / (length + 10),
        "operator_dot": operators["."] / (name_total + 1),
        "operator_call": operators["("] / (name_total + 1),
        "operator_assign": operators["="] / (name_total + 1),
        "operator_compare": (operators["=="] + operators["!="] + operators["==="] + operators["!=="]) / (name_total + 1),
    }


def _string_features(strings: tuple[str, ...], code: int, lines: int) -> dict[str, float]:
    bodies = [string[1:-1] for string in strings]
    some = max(len(bodies), 1)
    lengths = [len(body) for body in bodies]
    sentences = [body for body in bodies if body.count(" ") > 1]
    words = [body for body in bodies if body and " " not in body]
    told = max(len(sentences), 1)
    single = sum([string[0] == "'" for string in strings])
    mean, spread = mean_and_spread(lengths)
    return {
        "string_per_line": len(strings) / max(lines, 1),
        "string_share": sum(lengths) / (code + sum(lengths) + 1),
        "string_length": mean,
        "string_length_std": spread,
        "string_empty": lengths.count(0) / some,
        "string_single": single / some,
        "string_mixed": min(single, len(strings) - single) / some,
        "string_spaced": 1 - (len(words) + lengths.count(0)) / some if bodies else 0.0,
        "string_sentences_per_line": len(sentences) / max(lines, 1),
        "string_sentence_capital": sum([body[0].isupper() for body in sentences]) / told,
        "string_sentence_colon": sum([": " in body for body in sentences]) / told,
        "string_sentence_placeholder": sum(["{" in body or "%" in body for body in sentences]) / told,
        "string_path": sum(["/" in body for body in words]) / some,
        "string_snake": sum(["_" in body for body in words]) / some,
    }


def _number_features(numbers: list[str], lines: int) -> dict[str, float]:
    some = max(len(numbers), 1)
    return {
        "number_per_line": len(numbers) / max(lines, 1),
        "number_variety": len(set(numbers)) / some,
        "number_small": sum([number in {"0", "1", "2"} for number in numbers]) / some,
        "number_long": sum([len(number) > 2 for number in numbers]) / some,
        "number_point": sum(["." in number for number in numbers]) / some,
        "number_round": sum([number[-1] == "0" and len(number) > 1 for number in numbers]) / some,
    }
