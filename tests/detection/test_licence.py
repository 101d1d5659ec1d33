import time

import pytest

from aicodelint.detection.licence import strip_licence

CODE = "import os\n\n\ndef f():\n    return os\n"


@pytest.mark.parametrize(
    "header",
    [
        "# Copyright 2024 Gentoo Authors\n# Distributed under the terms of the GPL v2\n",
        "// Copyright 2012 The Go Authors. All rights reserved.\n// Use of this source code is governed by a\n// license found in it.\n\n",
        "/*\n * Copyright 2022 X\n *\n * Licensed under the Apache License\n */\n\n",
        "<!-- SPDX-License-Identifier: MIT -->\n",
        "-- Copyright (C) 2001 Somebody\n--\n-- This library is free software\n",
        "(* Copyright 1999 INRIA *)\n",
        '"""Copyright 2020 Me. All rights reserved."""\n',
        "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n# Licensed under the MIT License\n",
        "<?php\n/**\n * @license MIT\n */\n",
        "# frozen_string_literal: true\n\n#  Copyright (c) 2012-2022, A.\n",
        "/* vim: set et sw=4 : */\n/*****\\\n * This program is free software; *\n\\*****/\n",
        "// SPDX-License-Identifier: MIT\n\n// Copyright X\n",
    ],
)
def test_drops_the_header_and_counts_its_lines(header: str) -> None:
    rest, dropped = strip_licence(header + CODE)
    assert rest.lstrip("\n") == CODE
    assert rest == "\n".join((header + CODE).split("\n")[dropped:])
    assert dropped >= header.rstrip("\n").count("\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "",
        "\n",
        "# Reads the settings of a user and writes them back.\nimport os\n",
        '"""Checks driving licence numbers."""\nimport re\n',
        "#include <a.h>\n// Copyright 2020\n",
        "/* unterminated copyright\nint x;\n",
        "/* Copyright 2020 */ int x;\nint y;\n",
    ],
)
def test_leaves_everything_else(text: str) -> None:
    assert strip_licence(text) == (text, 0)


def test_keeps_the_description_below_the_licence() -> None:
    text = "# Copyright 2020 X\n# Licensed under MIT\n#\n# How this works: by magic.\n# It is slow.\nimport os\n"
    rest, dropped = strip_licence(text)
    assert dropped == 2
    assert "How this works" in rest


def test_a_small_comment_stays_when_no_licence_follows() -> None:
    text = "# vim: ts=4\nimport os\n"
    assert strip_licence(text) == (text, 0)


@pytest.mark.parametrize("text", ["/*" * 500_000, "# " * 500_000, "#\n" * 500_000, "/*\n" * 400_000, "(c) " * 300_000, "// license " * 100_000])
def test_is_linear(text: str) -> None:
    start = time.perf_counter()
    strip_licence(text)
    assert time.perf_counter() - start < 1
