"""Languages told from content alone: extensions that several languages share, and texts without any name."""

from __future__ import annotations

import re
from functools import cache

from aicodelint.discovery.names import NOT_CODE

_LOOKED_AT = 8_000
_CPP_SIGNS = tuple(
    (word, re.compile(sign, re.MULTILINE))
    for word, sign in (
        ("class", r"^[ \t]*class[ \t]+\w+(?:[^;\n]{0,120}[{:]|[ \t]*$|;)"),
        ("template", r"^[ \t]*template[ \t]*<"),
        ("namespace", r"^[ \t]*(?:inline[ \t]+)?(?:namespace[ \t]+[\w:]*[ \t]*(?:\{|$)|using[ \t]+namespace)"),
        ("using", r"^[ \t]*using[ \t]+\w+[ \t]*="),
        ("public", r"^[ \t]*public[ \t]*:"),
        ("private", r"^[ \t]*private[ \t]*:"),
        ("protected", r"^[ \t]*protected[ \t]*:"),
        ("virtual", r"^[ \t]*virtual[ \t]"),
        ("constexpr", r"\bconstexpr[ \t]"),
        ("explicit", r"^[ \t]*explicit[ \t]"),
        ("include", r"^[ \t]*#[ \t]*include[ \t]*<[a-z_]+>[ \t]*$"),
        ("std::", r"\bstd::"),
        ("_cast<", r"\b(?:static|reinterpret|dynamic|const)_cast<"),
        ("operator", r"\boperator[ \t]*[=<>+\-*()\[]"),
        ("noexcept", r"\bnoexcept\b"),
        ("nullptr", r"\bnullptr\b"),
        ("override", r"\boverride[ \t]*[;{]"),
    )
)
_CPP_GUARD = re.compile(
    r'^[ \t]*#[ \t]*if(?:def)?[^\n]{0,40}__cplusplus[^\n]{0,60}\n(?:[^\n]{0,200}\n){0,4}?[ \t]*(?:#|extern[ \t]+"C")', re.MULTILINE
)
_OBJECTIVE_C = re.compile(r"^[ \t]*(?:@(?:interface|implementation|protocol|property|class|end|import)\b|#import\b)", re.MULTILINE)
_MATLAB = re.compile(r"^[ \t]*(?:function\b|%|classdef\b|end[ \t]*;?[ \t]*$|clear\b|clc\b|close all)", re.MULTILINE)
_PERL = re.compile(
    r"^[ \t]*(?:use[ \t]+[\w:]+|my[ \t]*[$@%(]|sub[ \t]+\w+|package[ \t]+[\w:]+;|our[ \t]+[$@%]|print[ \t]+[\"'$]|require[ \t]+[\"'\w])", re.MULTILINE
)
_PROLOG = re.compile(r"^(?::-|[a-z]\w*\([^\n]{0,200}\)[ \t]*(?::-|\.[ \t]*$))", re.MULTILINE)
_PHP = re.compile(r"<\?(?:php\b|=)")
_C_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?:include|define|ifn?def|if|pragma)\b", re.MULTILINE)
_APEX = re.compile(r"\b(?:public|private|global)[ \t]+(?:\w+[ \t]+){0,3}class[ \t]+\w+", re.IGNORECASE)
_BASIC = re.compile(r"^(?:VERSION [\d.]+ CLASS|Attribute VB_|(?:Private|Public) (?:Sub|Function) )", re.MULTILINE)
_VERILOG = re.compile(r"^[ \t]*(?:module[ \t]+\w+|endmodule|`timescale|always[ \t]*@)", re.MULTILINE)
_COQ = re.compile(r"^[ \t]*(?:Require|Theorem|Lemma|Definition|Proof|Qed)\b", re.MULTILINE)
_SUPER_COLLIDER = re.compile(r"\b(?:SynthDef|SinOsc|Server\.default)\b")
_COMMENTS = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)

_SIGNS: dict[str, tuple[str, ...]] = {
    "Python": (
        r"^(?:from [\w.]+ )?import [\w., *()]+$",
        r"^[ \t]*(?:async )?def \w+\([^\n]{0,300}:[ \t]*(?:#[^\n]*)?$",
        r"^[ \t]*class \w+(?:\([\w., =\[\]]*\))?:[ \t]*$",
        r"^[ \t]*(?:if|elif|for|while|with|except)\b[^\n{};]{0,200}:[ \t]*(?:#[^\n]*)?$",
        r"\bself\.\w+|__name__ ==|^[ \t]*(?:return|print\()[^\n;{]*$",
    ),
    "JavaScript": (
        r"^[ \t]*(?:const|let|var) (?:\w+|\{[^\n}]{0,200}\}|\[[^\n\]]{0,200}\]) ?= ?[^\n]{0,300}",
        r"\bfunction\b ?\w*\([\w, ={}]*\) ?\{",
        r"=> ?[\{(\w]",
        (
            r"\b(?:require\(['\"]|module\.exports|console\.log\(|document\.\w+|addEventListener\()|^import [^\n]{1,200} from ['\"]"
            r"|^export (?:default|const|function|class)\b"
        ),
        r"[!=]==|\bundefined\b|\bnew Promise\(|\basync function\b",
    ),
    "TypeScript": (
        r"^[ \t]*(?:export )?(?:interface|type|enum|declare|abstract class) \w+[^\n]{0,80}[{=]",
        r"[\w)\]]\??: ?(?:string|number|boolean|void|any|unknown|never|Promise<|Array<|Record<)",
        r"^import (?:type )?[^\n]{1,200} from ['\"]|^export (?:default|const|function|class|async)\b",
        r"\b(?:private|public|protected|readonly) \w+\??: |\bas (?:const|any|unknown|string)\b|<\w+>\(",
        r"=> ?[\{(\w]|^[ \t]*(?:const|let) \w+",
    ),
    "Java": (
        r"^package [\w.]+;",
        r"^import (?:static )?(?:java|javax|org|com|io|net)\.[\w.*]+;",
        (
            r"\b(?:public|private|protected) (?:static |final |abstract )*(?:class|interface|enum|void|int|String|boolean|long|double"
            r"|\w+<[\w, ?<>]+>) \w+"
        ),
        r"\bSystem\.(?:out|err|in)\b|\bpublic static void main\(String",
        r"@Override\b|\bnew \w+(?:<[\w, ]*>)?\(|\bString\[?\]? \w+|\bScanner\b|\bthrows \w+",
    ),
    "C#": (
        r"^[ \t]*using [A-Z][\w.]*;",
        r"^[ \t]*namespace [A-Z][\w.]*[ \t]*[;{]?[ \t]*$",
        r"\b(?:get; (?:private |protected |internal )?(?:set|init);|Console\.(?:Write|Read)|string\.\w+|List<\w+>|foreach \(var)",
        (
            r"\b(?:public|private|internal|protected) (?:static |async |override |virtual |readonly |sealed |partial )*(?:class"
            r"|struct|record|void|string|bool|Task|int)\b"
        ),
        r"\bvar \w+ = |\bnew \w+\(|\bout (?:var|int)\b|\bint\.Parse\(",
    ),
    "C++": (
        r"^[ \t]*#[ \t]*include[ \t]*[<\"][\w./+]+[>\"]",
        r"\bstd::\w+|^using namespace \w+;|\bcout ?<<|\bcin ?>>",
        r"^[ \t]*(?:template ?<|class \w+[^;\n]{0,80}\{?[ \t]*$|namespace \w+|(?:public|private|protected):)",
        r"\b(?:vector|string|map|set|pair|unique_ptr|shared_ptr)<|\bnullptr\b|\bauto&? |\b\w+::\w+|\bconst \w+& \w+",
        r"^[ \t]*(?:int|void|long long|double|bool|auto) \w+\([^\n]{0,200}\) ?\{?",
    ),
    "C": (
        r"^[ \t]*#[ \t]*include[ \t]*[<\"][\w./]+\.h[>\"]",
        (
            r"^[ \t]*(?:static |extern |inline |const |unsigned )*(?:int|void|char|long|double|float|size_t|struct \w+"
            r"|u?int\d+_t) ?\*{0,2}\w+\([^\n]{0,200}\)[ \t]*[{;]?[ \t]*$"
        ),
        r"\b(?:printf|scanf|malloc|free|memcpy|sizeof|strlen|fprintf|NULL)\b",
        r"^[ \t]*(?:typedef |struct \w+ ?\{|#define \w+|#if(?:n?def)? )|\b\w+->\w+",
        r"^[ \t]*(?:int|char|long|double|float|unsigned)(?: int| long| char)? [^\n(){}]{1,120};",
    ),
    "Go": (
        r"^package \w+[ \t]*$",
        r"^func (?:\(\w+ \*?[\w\[\]]+\) )?\w+\(",
        r"^import (?:\(|\")",
        r":= |\bif err != nil|\bfmt\.\w+\(",
        r"^type \w+ (?:struct|interface) ?\{|\bmap\[\w+\]|\bchan \w+|\bdefer \w+",
    ),
    "PHP": (r"<\?php\b", r"<\?php\b|<\?=", r"\$\w+ ?(?:=|->|\[)", r"\bfunction \w+\([^\n]{0,200}\$\w+", r"\becho |\$this->|::class\b"),
    "Ruby": (
        r"^[ \t]*require(?:_relative)? ['\"]",
        r"^[ \t]*def (?:self\.)?\w+[?!=]?(?:[ \t]*\([^\n)]{0,200}\)| \w+(?:, ?\w+)*)?[ \t]*$",
        r"^[ \t]*end[ \t]*$",
        r"\bdo ?\|[\w, ]+\||\{ ?\|[\w, ]+\||\.(?:each|map|select|nil\?|empty\?|to_i|to_s)\b|\battr_(?:reader|accessor|writer)\b|\bputs\b|\bgets\b",
        r"^[ \t]*(?:module|class) [A-Z]\w*(?: < [A-Z][\w:]*)?[ \t]*$|\belsif\b|\bunless\b|@\w+ = |:\w+ =>",
    ),
    "Rust": (
        r"^[ \t]*(?:pub(?:\(\w+\))? )?(?:async |unsafe )*fn \w+(?:<[^\n>]{1,100}>)?\(",
        r"^[ \t]*(?:pub )?use (?:std|crate|super|self|\w+)(?:::[\w{}*, :]+)?;",
        r"\blet (?:mut )?\w+(?:: ?[\w<>&\[\], ]+)? = ",
        r"^[ \t]*(?:pub )?(?:impl|struct|enum|trait|mod)\b[^\n]{0,100}\{|#\[\w+",
        r"\b(?:println|vec|format|assert|panic|assert_eq|write)!|&mut \w+|\.unwrap\(\)|-> (?:Result|Option|Self|Vec|bool|[iu]\d+)\b",
    ),
    "Kotlin": (
        r"^[ \t]*(?:(?:private|public|internal|override|suspend|inline|open|abstract|operator) ){0,4}fun (?:<[^\n>]{1,60}> ?)?[\w.`]+ ?\(",
        r"^[ \t]*(?:(?:private|override|lateinit|const|internal) )*va[lr] \w+(?:: ?[\w<>?, ]+)?(?: =| by |$)",
        r"^(?:package|import) [\w.*]+[ \t]*$",
        (
            r"\b(?:data|sealed|enum|open|abstract|companion) (?:class|object)\b|\bobject \w+|\bwhen ?\(|\?\.\w+|\?:|!!|\blistOf\("
            r"|\bprintln\(|\breadLine\(\)"
        ),
        r"\bit\.\w+|\{ ?\w+(?:, ?\w+)? ->|: (?:Int|String|Boolean|Unit|Long|List<\w+>)\b",
    ),
    "Swift": (
        r"^import (?:Foundation|UIKit|SwiftUI|Combine|XCTest|AppKit|CoreData|PackageDescription|\w+Kit)[ \t]*$",
        r"^[ \t]*(?:(?:public|private|internal|fileprivate|static|override|mutating|@\w+|final|class) )*func \w+(?:<[^\n>]{1,80}>)?\(",
        r"\b(?:guard let|if let|guard )\b|\b(?:let|var) \w+(?:: ?[\[\]\w<>?: ]{1,80})? = ",
        r"->[ \t]*(?:Int|String|Bool|Void|\[|some View|Self|Double)|: (?:Int|String|Bool|Double|\[\w+\])\b|\bself\.\w+|\bnil\b",
        r"^[ \t]*(?:(?:public|final|private|@\w+) )*(?:struct|protocol|extension|enum|class) \w+(?:: ?[\w, ]+)? ?\{|\binit\(|\breadLine\(\)|\.\.<",
    ),
    "Scala": (
        r"^[ \t]*(?:(?:override|private|implicit|protected|final) )*def \w+(?:\[[^\n\]]{1,60}\])?(?:\([^\n]{0,200}\))?(?:: ?[\w\[\], .]+)? ?=",
        r"^[ \t]*(?:(?:sealed|abstract|final|private) )*(?:case class|case object|object|trait) \w+",
        r"^import [\w.]+(?:\.\{[^\n}]{1,200}\}|\._|\.\*)?[ \t]*$",
        r"^[ \t]*(?:private |implicit |lazy |override )*va[lr] \w+(?:: ?[\w\[\], ]+)? = ",
        (
            r"\bcase [^\n]{1,100} =>|\b(?:Option|Seq|List|Map|Future|Array)\[|\bextends (?:App\b|\w+ with)|\bprintln\(|: (?:Int"
            r"|String|Unit|Boolean)\b|<- "
        ),
    ),
    "Shell": (
        r"^[ \t]*(?:if|elif|while) (?:\[\[? |test |! |\w+ )[^\n]{0,200}(?:; ?(?:then|do))?[ \t]*$",
        r"^[ \t]*(?:fi|done|esac|then)[ \t]*$",
        r"^[ \t]*(?:export |local |readonly )?[A-Za-z_]\w*=(?:[\"'$(]|\w*$)",
        r"\$\{?[\w@#?*]+\}?|\$\(",
        r"^[ \t]*(?:echo|set -|source |\. /|cd |sudo |mkdir |rm |exit |case \S+ in|\w+\(\) ?\{|for \w+ in|grep|shift)",
    ),
    "Julia": (
        r"^[ \t]*(?:function|macro) [\w.!]+(?:\{[^\n}]{1,60}\})?\([^\n{]{0,200}$",
        r"^[ \t]*end[ \t]*(?:#[^\n]*)?$",
        r"^(?:using|import) [A-Z]\w*(?:[.,:] ?\w+)*",
        r"::(?:Int|Float64|String|Vector|Array|Any|Bool|AbstractString|Number|Function|Matrix|Dict)\w*|\bprintln\(|\b\w+!\(|\.\+|\.\*|\bnothing\b",
        (
            r"^(?:mutable struct|struct|module|abstract type|const) \w+|@(?:test|inbounds|assert|show|testset)\b|\bfor \w+ (?:in"
            r"|=) [\w:()]+[ \t]*$|\bparse\(Int"
        ),
    ),
}
FEWEST_SIGNS = 3


@cache
def _compiled() -> dict[str, tuple[re.Pattern[str], ...]]:
    """Compile late: a hundred expressions take longer than most scans would need them."""
    return {language: tuple(re.compile(sign, re.MULTILINE) for sign in signs) for language, signs in _SIGNS.items()}


def guess(text: str) -> str | None:
    """Return the language whose signs a text shows most of, or None when none shows at least three kinds of them.

    Prose, settings and data must come out as None: a wrong guess would have them judged.
    """
    head = text[:_LOOKED_AT].lstrip()
    if head.startswith(("<?xml", "<!DOCTYPE", "<html", "<svg", "{", "[", "%PDF")):
        return None
    if _PHP.match(head):
        return "PHP"
    scores = {language: sum(sign.search(head) is not None for sign in signs) for language, signs in _compiled().items()}
    best = max(scores, key=lambda language: scores[language])
    if scores[best] < FEWEST_SIGNS:
        return None
    return _of_relatives(best, scores, head)


def _of_relatives(best: str, scores: dict[str, int], head: str) -> str:
    if best in {"C", "C++"}:
        return "C++" if scores["C++"] >= scores["C"] else "C"
    if best in {"JavaScript", "TypeScript"}:
        return "TypeScript" if _compiled()["TypeScript"][1].search(head) else "JavaScript"
    return best


def disambiguate(extension: str, text: str) -> str | None:
    """Return the language of a text whose extension (lower case, no dot) is shared by several; None when it is no code."""
    head = text[:_LOOKED_AT]
    if extension in {"ts", "tsx"}:
        return NOT_CODE if head.lstrip().startswith("<?xml") or head.lstrip().startswith(("<!DOCTYPE TS", "<TS", "<tileset")) else "TypeScript"
    return {"h": _header, "m": _m, "pl": _pl, "t": _pl, "inc": _inc, "cls": _cls, "v": _v, "sc": _sc}[extension](head)


def _header(head: str) -> str:
    bare = _COMMENTS.sub("", head)
    if ("@" in bare or "#import" in bare) and _OBJECTIVE_C.search(bare):
        return "Objective-C"
    return _c_or_cpp(_CPP_GUARD.sub("", bare) if "__cplusplus" in bare else bare)


def _c_or_cpp(head: str) -> str:
    return "C++" if any(word in head and sign.search(head) for word, sign in _CPP_SIGNS) else "C"


def _m(head: str) -> str | None:
    if _OBJECTIVE_C.search(head):
        return "Objective-C"
    if _MATLAB.search(head):
        return "MATLAB"
    return "Objective-C" if _C_DIRECTIVE.search(head) else "MATLAB"


def _pl(head: str) -> str:
    return "Prolog" if _PROLOG.search(head) and not _PERL.search(head) else "Perl"


def _inc(head: str) -> str | None:
    if _PHP.search(head):
        return "PHP"
    if not _C_DIRECTIVE.search(head):
        return None
    return _c_or_cpp(head)


def _cls(head: str) -> str | None:
    if _BASIC.search(head):
        return "Visual Basic"
    return "Apex" if _APEX.search(head) else None


def _v(head: str) -> str:
    if _VERILOG.search(head):
        return "Verilog"
    return "Coq" if _COQ.search(head) else "V"


def _sc(head: str) -> str:
    return "SuperCollider" if _SUPER_COLLIDER.search(head) else "Scala"
