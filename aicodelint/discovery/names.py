"""What file names and interpreters say about languages: tables, and nothing else."""

from __future__ import annotations

NOT_CODE = "not-code"
"""Stands in for a language where a name says that a file holds prose, markup, settings or data."""

TRAINED = (
    "C",
    "C#",
    "C++",
    "Go",
    "Java",
    "JavaScript",
    "Julia",
    "Kotlin",
    "PHP",
    "Python",
    "Ruby",
    "Rust",
    "Scala",
    "Shell",
    "Swift",
    "TypeScript",
)
"""The languages of the training data, by the names it uses."""

SUPPORTED = frozenset({*TRAINED, "Dart", "Lua", "Objective-C", "Perl", "R"})
"""The languages that are judged unless the options name others."""

_BY_LANGUAGE = {
    "C": "c",
    "C#": "cs csx",
    "C++": "cc cpp cxx c++ hh hpp hxx h++ ipp ixx cppm tcc inl cu cuh ino",
    "Go": "go",
    "Java": "java",
    "JavaScript": "js mjs cjs jsx es6 jsm",
    "Julia": "jl",
    "Kotlin": "kt kts",
    "PHP": "php php3 php4 php5 php7 phtml",
    "Python": "py pyi pyw pyx pxd wsgi",
    "Ruby": "rb rake gemspec ru podspec jbuilder rbw thor",
    "Rust": "rs",
    "Scala": "scala sbt",
    "Shell": "sh bash zsh ksh dash bats ebuild command",
    "Swift": "swift",
    "TypeScript": "mts cts",
    "Dart": "dart",
    "Lua": "lua",
    "Objective-C": "mm",
    "Perl": "pm",
    "R": "r",
    "Jupyter Notebook": "ipynb",
    "Vue": "vue",
    "Svelte": "svelte",
}
_UNSUPPORTED_BY_LANGUAGE = {
    "Ada": "adb ads",
    "Apex": "apex trigger",
    "Assembly": "s asm nasm",
    "Awk": "awk",
    "Batchfile": "bat cmd",
    "Clojure": "clj cljs cljc edn",
    "CMake": "cmake",
    "COBOL": "cob cbl cpy",
    "CoffeeScript": "coffee",
    "Common Lisp": "lisp lsp",
    "Crystal": "cr",
    "D": "d",
    "Elixir": "ex exs",
    "Elm": "elm",
    "Emacs Lisp": "el",
    "Erlang": "erl hrl",
    "F#": "fs fsi fsx",
    "Fish": "fish",
    "Fortran": "f f77 f90 f95 f03 f08 for",
    "GLSL": "glsl vert frag comp",
    "Groovy": "groovy gradle gvy",
    "Haskell": "hs lhs",
    "Haxe": "hx",
    "HCL": "tf hcl",
    "HLSL": "hlsl fx",
    "Makefile": "mk mak make",
    "Metal": "metal",
    "Nim": "nim nims",
    "Nix": "nix",
    "OCaml": "ml mli",
    "Pascal": "pas dpr lpr",
    "PowerShell": "ps1 psm1 psd1",
    "Prolog": "pro prolog",
    "Puppet": "pp",
    "PureScript": "purs",
    "Q#": "qs",
    "Racket": "rkt",
    "Raku": "raku rakumod",
    "Scheme": "scm ss sld",
    "Smalltalk": "st",
    "Solidity": "sol",
    "SQL": "sql ddl dml pgsql plsql",
    "Starlark": "bzl star",
    "SystemVerilog": "sv svh",
    "Tcl": "tcl tk",
    "V": "vsh",
    "VBScript": "vbs",
    "Verilog": "vh",
    "VHDL": "vhd vhdl",
    "Vim Script": "vim",
    "Visual Basic": "vb bas frm",
    "WGSL": "wgsl",
    "Zig": "zig zon",
}
_NOT_CODE_EXTENSIONS = (
    # prose and markup
    "md markdown mdx rst txt text adoc asciidoc org tex latex bib sty textile wiki pod rdoc man info texi texinfo "
    "html htm xhtml shtml xml xsd xsl xslt svg rss atom dtd ui qrc xaml resx csproj vcxproj fsproj sln props targets nuspec plist xib storyboard "
    "css scss sass less styl pcss j2 jinja jinja2 tmpl tpl erb haml slim ejs hbs mustache liquid twig pug jade cshtml razor jsp aspx "
    # settings and data
    "json json5 jsonc jsonl ndjson geojson yaml yml toml ini cfg conf config properties env csv tsv psv dat data sample lock sum "
    "proto thrift avsc graphql gql capnp fbs idl webidl po pot mo strings map snap diff patch orig rej log out err trace "
    "pem crt cer key pub csr p12 sig asc gpg md5 sha1 sha256 sha512 desktop service socket timer rules spec dsc "
    "pc la in_ am ac m4 cnf ld lds def exp mod dep dtsi dts kconfig bp gn gni cabal opam nimble "
    # binaries
    "png jpg jpeg gif bmp ico icns webp avif tif tiff psd xcf eps ai pdf ps djvu mp3 mp4 m4a m4v wav ogg oga ogv flac avi mkv mov webm "
    "ttf otf woff woff2 eot zip gz tgz bz2 xz zst lz4 lzma 7z rar tar whl egg jar war ear aar apk ipa deb rpm dmg iso img cab msi "
    "exe dll so dylib a o obj lib ko pyc pyo pyd class dex wasm node bin elf hex rom swf nib "
    "db sqlite sqlite3 mdb parquet arrow feather npy npz h5 hdf5 pkl pickle joblib onnx pt pth ckpt safetensors gguf tflite "
    "pb model mat rds rda rdata "
    "doc docx xls xlsx ppt pptx odt ods odp rtf epub mobi blend fbx gltf glb stl ply dae unity prefab asset meta mtl tga dds hdr exr"
)
_NOT_CODE_NAMES = (
    "license licence copying copyright notice patents authors contributors maintainers credits thanks readme changelog "
    "changes todo "
    "manifest codeowners owners contributing dockerfile containerfile procfile pipfile requirements "
    ".gitignore .gitattributes .gitmodules "
    ".dockerignore .npmignore .npmrc .nvmrc .yarnrc .editorconfig .prettierrc .prettierignore .eslintignore .eslintrc "
    ".babelrc .mailmap .python-version "
    ".ruby-version .tool-versions .node-version .keep .gitkeep .ds_store .env .flake8 .pylintrc .coveragerc .clang-format .clang-tidy .gdbinit "
    ".hgignore .helmignore .vscodeignore .stylelintrc .browserslistrc .swiftlint.yml record wheel metadata installer py.typed go.mod go.sum"
)
_SHELL_NAMES = (
    ".bashrc .bash_profile .bash_aliases .bash_login .bash_logout .profile .zshrc .zshenv .zprofile .zlogin .envrc pkgbuild apkbuild gradlew mvnw"
)
_RUBY_NAMES = "rakefile gemfile vagrantfile podfile fastfile appfile brewfile guardfile capfile dangerfile berksfile thorfile puppetfile steepfile"
_UNSUPPORTED_NAMES = {
    "makefile": "Makefile",
    "gnumakefile": "Makefile",
    "kbuild": "Makefile",
    "cmakelists.txt": "CMake",
    "jenkinsfile": "Groovy",
    "build": "Starlark",
    "build.bazel": "Starlark",
    "workspace": "Starlark",
    "workspace.bazel": "Starlark",
    "module.bazel": "Starlark",
    "tiltfile": "Starlark",
    "justfile": "Just",
    "meson.build": "Meson",
    "meson_options.txt": "Meson",
    ".vimrc": "Vim Script",
    ".emacs": "Emacs Lisp",
}

EXTENSIONS: dict[str, str] = {
    **dict.fromkeys(_NOT_CODE_EXTENSIONS.split(), NOT_CODE),
    **{extension: language for language, extensions in _UNSUPPORTED_BY_LANGUAGE.items() for extension in extensions.split()},
    **{extension: language for language, extensions in _BY_LANGUAGE.items() for extension in extensions.split()},
}
"""Lower-case extension to language or ``NOT_CODE``."""

FILE_NAMES: dict[str, str] = {
    **dict.fromkeys(_NOT_CODE_NAMES.split(), NOT_CODE),
    **dict.fromkeys(_SHELL_NAMES.split(), "Shell"),
    **dict.fromkeys(_RUBY_NAMES.split(), "Ruby"),
    **dict.fromkeys(("sconstruct", "sconscript", "wscript", ".pythonrc", "snakefile"), "Python"),
    **dict.fromkeys((".rprofile",), "R"),
    **_UNSUPPORTED_NAMES,
}
"""Lower-case file name to language or ``NOT_CODE``."""

AMBIGUOUS: dict[str, tuple[str, ...]] = {
    "h": ("C", "C++", "Objective-C"),
    "m": ("Objective-C", "MATLAB"),
    "pl": ("Perl", "Prolog"),
    "t": ("Perl", "Turing"),
    "ts": ("TypeScript", NOT_CODE),
    "tsx": ("TypeScript", NOT_CODE),
    "inc": ("PHP", "C++", "C", NOT_CODE),
    "cgi": (),
    "fcgi": (),
    "cls": ("Apex", "Visual Basic", NOT_CODE),
    "v": ("Verilog", "V", "Coq"),
    "sc": ("Scala", "SuperCollider"),
    "in": (),
}
"""Lower-case extensions that only the content can tell apart."""

INTERPRETERS: dict[str, str] = {
    **dict.fromkeys(("sh", "bash", "zsh", "ksh", "dash", "ash", "mksh", "bats", "openrc-run", "runscript"), "Shell"),
    **dict.fromkeys(("python", "pypy", "pythonw", "ipython", "sage", "micropython", "uv"), "Python"),
    **dict.fromkeys(("node", "nodejs", "bun", "qjs", "gjs", "jsc", "zx", "phantomjs", "osascript-js"), "JavaScript"),
    **dict.fromkeys(("ts-node", "tsx", "deno"), "TypeScript"),
    **dict.fromkeys(("ruby", "jruby", "rake", "macruby"), "Ruby"),
    "php": "PHP",
    "perl": "Perl",
    "lua": "Lua",
    "luajit": "Lua",
    "rscript": "R",
    "littler": "R",
    "julia": "Julia",
    "scala": "Scala",
    "amm": "Scala",
    "swift": "Swift",
    "kotlin": "Kotlin",
    "kscript": "Kotlin",
    "java": "Java",
    "jbang": "Java",
    "dart": "Dart",
    "dotnet": "C#",
    "dotnet-script": "C#",
    "rust-script": "Rust",
    "gorun": "Go",
    "tcc": "C",
    "awk": "Awk",
    "gawk": "Awk",
    "fish": "Fish",
    "tclsh": "Tcl",
    "wish": "Tcl",
    "expect": "Tcl",
    "pwsh": "PowerShell",
    "make": "Makefile",
    "groovy": "Groovy",
    "escript": "Erlang",
    "elixir": "Elixir",
    "runghc": "Haskell",
    "runhaskell": "Haskell",
    "guile": "Scheme",
    "racket": "Racket",
    "sbcl": "Common Lisp",
    "clojure": "Clojure",
    "bb": "Clojure",
    "ocaml": "OCaml",
    "nix-shell": "Nix",
    "sed": "Sed",
    "osascript": "AppleScript",
    "csh": "Csh",
    "tcsh": "Csh",
}
"""Interpreter of a ``#!`` line (lower case, no version) to language."""

EDITOR_MODES: dict[str, str] = {
    "c": "C",
    "c++": "C++",
    "cpp": "C++",
    "csharp": "C#",
    "cs": "C#",
    "go": "Go",
    "java": "Java",
    "javascript": "JavaScript",
    "js": "JavaScript",
    "js2": "JavaScript",
    "julia": "Julia",
    "kotlin": "Kotlin",
    "php": "PHP",
    "python": "Python",
    "ruby": "Ruby",
    "rust": "Rust",
    "scala": "Scala",
    "sh": "Shell",
    "shell-script": "Shell",
    "bash": "Shell",
    "zsh": "Shell",
    "swift": "Swift",
    "typescript": "TypeScript",
    "objc": "Objective-C",
    "objective-c": "Objective-C",
    "perl": "Perl",
    "cperl": "Perl",
    "lua": "Lua",
    "r": "R",
    "dart": "Dart",
    "makefile": "Makefile",
    "make": "Makefile",
    "tcl": "Tcl",
    "text": NOT_CODE,
    "markdown": NOT_CODE,
    "xml": NOT_CODE,
    "html": NOT_CODE,
    "yaml": NOT_CODE,
    "conf": NOT_CODE,
}
"""Mode of an Emacs or Vim line to language."""
