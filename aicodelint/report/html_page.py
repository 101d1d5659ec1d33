"""The parts of the HTML report that are the same in every one: its style, its script, and the policy that lets nothing else run."""

from __future__ import annotations

import hashlib
from base64 import b64encode

STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --text: #1b1f24; --dim: #4b5563; --line: #c9ced6; --box: #f4f6f8; --link: #0b4f9e;
  --ai: #b3401a; --human: #2f6f4f; --open: #8a6100; --skip: #5b6472;
  --s1: #fff3ee; --s2: #fee6dc; --s3: #fdd8c9; --s4: #fbcab6; --k: #7a1f6e; --s: #0b5428; --c: #4f565f; --m: #0a4a8f; --f: #5a3b00; }
@media (prefers-color-scheme: dark) { :root { --page: #14171c; --text: #e8ebef; --dim: #b4bcc8; --line: #49515d; --box: #1e232a; --link: #8fc3ff;
  --ai: #ff9a73; --human: #7fd0a4; --open: #f0c060; --skip: #aab3c0;
  --s1: #2a1f1c; --s2: #38241e; --s3: #46291f; --s4: #552e20; --k: #f0a8ea; --s: #9be0a8; --c: #b8bec8; --m: #9cc8ff; --f: #f2d08a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 80rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; margin-top: 2rem; } h3 { font-size: 1.05rem; overflow-wrap: anywhere; }
.skip { position: absolute; left: -100vw; } .skip:focus { position: static; }
.dim { color: var(--dim); } .note { background: var(--box); border-left: .3rem solid var(--line); padding: .5rem 1rem; }
.figures { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); } figure { margin: 0; }
figcaption { font-weight: 600; } svg { width: 100%; max-width: 37.5rem; height: auto; }
svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
.bar { fill: var(--skip); } .bar.ai { fill: var(--ai); } .bar.human { fill: var(--human); } .bar.undetermined { fill: var(--open); }
.scroll { overflow: auto; border: 1px solid var(--line); } .scroll.table { max-height: 40rem; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); }
thead th { position: sticky; top: 0; background: var(--box); } td.path { overflow-wrap: anywhere; } td.number { text-align: right; }
th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
th[aria-sort=ascending] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
.controls { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; } .controls[hidden] { display: none; }
input, select { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--dim); padding: .2rem .4rem; }
details > summary { cursor: pointer; }
pre { margin: 0; font: .85rem/1.45 ui-monospace, monospace; } .l { display: block; padding-right: 1rem; border-left: .4rem solid transparent; }
.n { display: inline-block; width: 4.5rem; padding-right: 1rem; text-align: right; color: var(--dim); user-select: none; }
.g { display: block; padding: .1rem 1rem; background: var(--box); color: var(--text); font-weight: 600; }
.s1 { background: var(--s1); border-color: var(--s2); } .s2 { background: var(--s2); border-color: var(--s4); }
.s3 { background: var(--s3); border-color: var(--open); } .s4 { background: var(--s4); border-color: var(--ai); }
.l .n, .l .c { color: var(--c); } .k { color: var(--k); } .s { color: var(--s); } .c { font-style: italic; }
.m { color: var(--m); } .f { color: var(--f); }
@media print { .scroll, .scroll.table { max-height: none; overflow: visible; } }
"""

SCRIPT = """
"use strict";
(() => {
  const table = document.getElementById("files");
  if (!table) return;
  const body = table.tBodies[0], rows = Array.from(body.rows), heads = Array.from(table.tHead.rows[0].cells);
  const search = document.getElementById("search"), status = document.getElementById("status"), shown = document.getElementById("shown");
  const value = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const order = (column, up) => {
    rows.sort((one, other) => {
      const a = value(one, column), b = value(other, column), x = parseFloat(a), y = parseFloat(b);
      const less = column === 2 ? (Number.isNaN(x) ? -1 : x) - (Number.isNaN(y) ? -1 : y) : a.localeCompare(b);
      return up ? less : -less;
    });
    body.append(...rows);
    heads.forEach(head => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => order(column, head.getAttribute("aria-sort") === "descending"));
  });
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/), wanted = status.value;
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !(words.every(word => text.includes(word)) && (!wanted || value(row, 1) === wanted));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = count + " of " + rows.length + " rows";
  };
  search.addEventListener("input", filter);
  status.addEventListener("change", filter);
  document.getElementById("controls").hidden = false;
  filter();
})();
"""


def head(title: str) -> str:
    """Return everything up to the body. ``title`` is HTML. The policy allows this style and this script, by their hashes, and no network."""
    policy = f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
    )


def foot() -> str:
    """Return everything after the body's content."""
    return f"<script>{SCRIPT}</script>\n</body>\n</html>\n"


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
