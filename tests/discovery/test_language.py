from __future__ import annotations

import time

import pytest

from aicodelint.discovery.language import NOT_CODE, language_by_content, language_by_name
from aicodelint.discovery.names import AMBIGUOUS, EXTENSIONS, FILE_NAMES, SUPPORTED, TRAINED


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "Python"),
        ("A.PY", "Python"),
        ("x/y.mjs", "JavaScript"),
        ("a.d.mts", "TypeScript"),
        ("Main.java", "Java"),
        ("a.c", "C"),
        ("a.cc", "C++"),
        ("a.cs", "C#"),
        ("a.go", "Go"),
        ("a.php", "PHP"),
        ("Rakefile", "Ruby"),
        ("a.rs", "Rust"),
        ("build.gradle.kts", "Kotlin"),
        ("a.swift", "Swift"),
        ("a.scala", "Scala"),
        (".bashrc", "Shell"),
        ("a.jl", "Julia"),
        ("a.ipynb", "Jupyter Notebook"),
        ("setup.py.in", "Python"),
        ("README.md", NOT_CODE),
        ("package.json", NOT_CODE),
        ("index.html", NOT_CODE),
        ("LICENSE", NOT_CODE),
        ("LICENSE.de", NOT_CODE),
        ("CMakeLists.txt", "CMake"),
        ("a.hs", "Haskell"),
        ("license.py", "Python"),
        ("a.h", None),
        ("a.ts", None),
        ("script", None),
        (".py", None),
        ("", None),
    ],
)
def test_by_name(path: str, language: str | None) -> None:
    assert language_by_name(path) == language


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("run", "#!/usr/bin/env python3.11\nx = 1\n", "Python"),
        ("run", "#!/usr/bin/env -S node --flag\nx\n", "JavaScript"),
        ("run", "#!/usr/bin/env VAR=1 ruby\nx\n", "Ruby"),
        ("run", "#! /bin/bash -e\nls\n", "Shell"),
        ("run", '#!/bin/sh\nexec tclsh "$0"\n', "Tcl"),
        ("run", "#!\n", None),
        ("run.cgi", "#!/usr/bin/perl\nuse strict;\n", "Perl"),
        ("vector", "// Vectors -*- C++ -*-\nint x;\n", "C++"),
        ("conf", "# vim: set ft=ruby :\nfoo 1\n", "Ruby"),
        ("a.h", '#ifndef A_H\n#ifdef __cplusplus\nextern "C" {\n#endif\nint add(int a, int b);\n#endif\n', "C"),
        ("a.h", "/* class Foo { */\nint add(int class_of);\n", "C"),
        ("a.h", "#pragma once\nnamespace a {\nclass B {\npublic:\n  B();\n};\n}\n", "C++"),
        ("a.h", "#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n", "Objective-C"),
        ("a.m", '#import "A.h"\n@implementation A\n@end\n', "Objective-C"),
        ("a.m", "function y = f(x)\n% doubles\ny = 2 * x;\nend\n", "MATLAB"),
        ("a.pl", "use strict;\nmy $x = 1;\n", "Perl"),
        ("a.pl", ":- module(a, [b/1]).\nb(X) :- c(X).\n", "Prolog"),
        ("de.ts", '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS></TS>\n', NOT_CODE),
        ("a.ts", "export const x: number = 1;\n", "TypeScript"),
        ("a.inc", "<?php\n$x = 1;\n", "PHP"),
        ("a.inc", "10 20 30\n", None),
        ("a.unknown", "def f(x):\n    return x\n", None),
        ("", "import os\n\n\ndef main():\n    for x in y:\n        print(x)\n", "Python"),
        ("", 'package main\n\nimport "fmt"\n\nfunc main() {\n\tx := 1\n\tfmt.Println(x)\n}\n', "Go"),
        ("", "#include <iostream>\nusing namespace std;\nint main() {\n  vector<int> v;\n  cout << 1;\n}\n", "C++"),
        ("", '#include <stdio.h>\n\nint main(void) {\n    int a, b;\n    printf("x");\n}\n', "C"),
        ("", "<?php\necho 1;\n", "PHP"),
        ("", "import os\nclass A:\n    def f(self):\n", "Python"),
        ("", "import os\nclass A:\n", None),
        ("notes", "Call me for more of this.\nIf you import goods: pay.\n\nThe class of 1999 returns.\n", None),
        ("data", '{"def": 1}\n', None),
    ],
)
def test_by_content(path: str, text: str, language: str | None) -> None:
    assert language_by_name(path) is None
    assert language_by_content(path, text) == language


def test_tables_agree() -> None:
    assert set(TRAINED) <= SUPPORTED
    assert {*EXTENSIONS.values(), *(name for names in AMBIGUOUS.values() for name in names)} >= SUPPORTED
    assert not set(EXTENSIONS) & set(AMBIGUOUS) - {"in"}
    assert all(key == key.lower() for table in (EXTENSIONS, FILE_NAMES, AMBIGUOUS) for key in table)


@pytest.mark.parametrize(
    "unit", ["/*", "a", "a ", "class a", "#if __cplusplus\n", "::", "let x: ", "((", "\t", "<?", "template <", "- (", "import a,", "x -> ", "@a"]
)
@pytest.mark.parametrize("path", ["a.h", "a.m", "a.pl", "a.inc", ""])
def test_hostile_repetition_is_quick(path: str, unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    before = time.process_time()
    language_by_content(path, text)
    assert time.process_time() - before < 1.0
