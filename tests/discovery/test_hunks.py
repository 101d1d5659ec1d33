from __future__ import annotations

import pytest

from aicodelint.discovery.hunks import changed_lines, unquote


def test_hunks_are_counted_so_content_cannot_pose_as_a_header() -> None:
    patch = b"""diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1 +1,3 @@
--- a/evil.py
+++ b/evil.py
+@@ -1 +9,9 @@
+diff
\\ No newline at end of file
@@ -9,2 +10,0 @@ def f
-x
-y
@@ -20 +20 @@
-x
+y
diff --git a/b c.py b/b c.py
--- /dev/null
+++ b/b c.py\t
@@ -0,0 +1,2 @@
+a
+b
diff --git a/bin.py b/bin.py
index 1..2
Binary files a/bin.py and b/bin.py differ
diff --git a/m.sh b/m.sh
old mode 100644
new mode 100755
diff --git a/old.py b/new.py
similarity index 100%
rename from old.py
rename to new.py
diff --git "a/\\t\\303\\274.py" "b/\\t\\303\\274.py"
--- "a/\\t\\303\\274.py"
+++ "b/\\t\\303\\274.py"\t
@@ -3,0 +4 @@
+a
"""
    assert changed_lines(patch.split(b"\n")) == {
        "a.py": ((1, 3), (20, 20)),
        "b c.py": ((1, 2),),
        "bin.py": None,
        "m.sh": (),
        "new.py": (),
        "\tü.py": ((4, 4),),
    }


@pytest.mark.parametrize(("quoted", "name"), [(b"a b", b"a b"), (b'"a\\"b\\\\c"', b'a"b\\c'), (b'"\\377\\n"', b"\xff\n"), (b'"', b'"'), (b'""', b"")])
def test_unquote(quoted: bytes, name: bytes) -> None:
    assert unquote(quoted) == name


def test_nothing() -> None:
    assert changed_lines([]) == {}
    assert changed_lines([b"", b"warning: x", b"@@ -1 +1 @@", b"+a"]) == {}
