"""The reading copy: the executed lessons as pages that need no kernel and no network.

    python -m kit.course.site [folder]        default: site/

Text comes from the stored notebooks, formulas as MathML made here, pictures as files beside the
pages. An explorer is opened, drawn at a few positions of each control (the others stay where they
start), and shown by radio buttons: HTML and a style sheet, no script.
"""

import argparse
import ast
import base64
import contextlib
import html
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from latex2mathml.converter import convert
from nbconvert.filters import highlight, markdown_mistune
from nbformat import NotebookNode

from kit.course.drawing import png
from kit.course.explorers import Explorer, caption, positions
from kit.course.notebooks import ROOT, read, tags

CHEAP = ast.Import | ast.ImportFrom | ast.FunctionDef
STYLE = """\
body { max-width: 62rem; margin: 1rem auto; padding: 0 1rem; line-height: 1.5;
       font-family: system-ui, sans-serif; color: #1a1a1a; background: #fff }
nav { border-bottom: 1px solid #ccc; padding-bottom: .4rem }
pre { background: #f5f5f5; padding: .6rem .8rem; overflow-x: auto; line-height: 1.35 }
pre.output { background: #fff; border-left: 3px solid #56B4E9; white-space: pre-wrap }
table { border-collapse: collapse } td, th { border: 1px solid #ccc; padding: .25rem .6rem }
img { max-width: 100% } .anchor-link { display: none }
math { font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", math }
math[display=block] { margin: .8rem 0; overflow-x: auto }
math.boxed { border: 1px solid #555; padding: .5rem; width: fit-content; margin: .8rem auto }
.explorer { border: 1px solid #56B4E9; padding: .6rem .8rem; margin: 1rem 0 }
.explorer fieldset { border: 0; padding: .1rem 0; margin: 0; display: inline-block }
.explorer legend { float: left; min-width: 10rem; font-weight: 600 }
.explorer label { margin-right: .9rem; white-space: nowrap }
.explorer .view { display: none }
.k, .kn, .ow, .kc { color: #0050a0; font-weight: 600 } .s1, .s2, .sa { color: #7a3e00 }
.c1 { color: #5a6a5a; font-style: italic } .mi, .mf { color: #00664d }
"""


def formula(latex: str, block: bool) -> str:
    """MathML of a formula; block: on a line of its own. ValueError for commands not known."""
    latex, kind = html.unescape(latex).strip(), ""
    latex = latex.replace("{aligned}", "{align*}")  # the converter knows this one alone,
    latex = re.sub(r"\\\\\[\d+\w\w\]", r"\\\\", latex)  # no space between rows,
    latex = re.sub(r"\\[bB]igg?[lrm]?(?=\\)", "", latex)  # and no size of such bars and braces
    boxed = re.fullmatch(r"\\boxed\{(.*)\}", latex, re.DOTALL)
    if boxed:
        latex, kind = boxed[1], ' class="boxed"'
    try:
        made = convert(latex, display="block" if block else "inline")
    except Exception as problem:
        raise ValueError(f"no MathML for {latex!r}: {problem!r}") from problem
    if re.search(r"<m\w+[^>]*>(\\|&<)", made):
        raise ValueError(f"no MathML for {latex!r}: a command is unknown")
    return made.replace("<math", f"<math{kind}", 1)


class Renderer(markdown_mistune.IPythonRenderer):
    """Markdown to HTML, with formulas as MathML and links to lessons as links to pages."""

    def block_math(self, body: str) -> str:
        """A formula between double dollar signs."""
        return formula(body, block=True)

    def inline_math(self, body: str) -> str:
        """A formula between dollar signs."""
        return formula(body, block=False)

    def latex_environment(self, name: str, body: str) -> str:
        """A formula between begin and end."""
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Links between lessons lead to their pages."""
        return super().link(text, re.sub(r"^([\w-]+)\.ipynb", r"\1.html", url), title)


def markdown(text: str) -> str:
    """One markdown cell as HTML."""
    return markdown_mistune.MarkdownWithMath(renderer=Renderer(escape=False)).render(text)


# Explorers ---------------------------------------------------------------------------------------


def explorers(nb: NotebookNode) -> dict[int, Explorer]:
    """Explorers of a lesson by number of cell, opened with its imports and functions and that cell.

    One that needs more of the lesson is left out: its stored picture stays on the page.
    """
    names: dict[str, Any] = {}
    found = {}
    for k, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        body = ast.parse(re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE)).body
        for node in (node for node in body if isinstance(node, CHEAP)):
            with contextlib.suppress(NameError):  # a default or a decorator of the lesson's own
                exec(compile(ast.Module([node], []), "names", "exec"), names)
        if body and isinstance(body[-1], ast.Expr) and "explorer(" in cell.source:
            try:
                exec(compile(ast.Module(body[:-1], []), "cell", "exec"), names)
                shown = eval(compile(ast.Expression(body[-1].value), "cell", "eval"), names)
            except NameError:
                continue
            if isinstance(shown, Explorer):
                found[k] = shown
    return found


def views(shown: Explorer) -> Iterator[tuple[str, str, bool, bytes | None, str]]:
    """Control, position, whether it starts there, picture (None: refused) and caption."""
    for name, control in shown.controls.items():
        for words, value in positions(control):
            start = value == shown.defaults[name]
            try:
                figure, facts = shown.draw(**{**shown.defaults, name: value})
                picture, text = png(figure), caption(facts)
            except ValueError as problem:
                picture, text = None, f"This setting cannot be drawn: {problem}."
            yield control.description, words, start, picture, text


def panel(shown: Explorer, name: str, folder: Path) -> str:
    """An explorer as radio buttons and pictures; the pictures are written to the folder."""
    rows: dict[str, list[str]] = {}
    pictures, rules, checked = [], [], False
    for k, (control, words, start, picture, text) in enumerate(views(shown)):
        key = f"see-{name}-{k}"  # a style sheet's #name must not start with a digit
        first = start and not checked
        checked |= first
        rows.setdefault(control, []).append(
            f'<label><input type="radio" name="{name}" id="{key}"{" checked" if first else ""}> '
            f"{html.escape(words)}{' (start)' if start else ''}</label>"
        )
        shape = ""
        if picture is not None:
            (folder / f"{key}.png").write_bytes(picture)
            shape = f'<img src="pictures/{key}.png" alt="{html.escape(text)}">'
        said = f'<pre class="output">{html.escape(text)}</pre>'
        pictures.append(f'<div class="view" id="v-{key}">{shape}{said}</div>')
        rules.append(f"#box-{name}:has(#{key}:checked) #v-{key} {{ display: block }}")
    fields = "".join(
        f"<fieldset><legend>{html.escape(control)}</legend>{''.join(labels)}</fieldset><br>"
        for control, labels in rows.items()
    )
    hint = "<p>One control moves at a time here; the live lesson moves them together.</p>"
    style = f"<style>{' '.join(rules)}</style>"
    return f'<div class="explorer" id="box-{name}">{style}{fields}{hint}{"".join(pictures)}</div>'


# Pages -------------------------------------------------------------------------------------------


def outputs(cell: NotebookNode, name: str, folder: Path) -> str:
    """What a code cell printed and drew."""
    parts = []
    for k, output in enumerate(cell.get("outputs", [])):
        data = output.get("data", {})
        if "image/png" in data:
            file = folder / f"{name}-{k}.png"
            file.write_bytes(base64.b64decode(data["image/png"]))
            words = html.escape(output.metadata.get("image/png", {}).get("alt", "figure"))
            parts.append(f'<img src="pictures/{file.name}" alt="{words}">')
        else:
            text = output.get("text") or data.get("text/plain") or "\n".join(output.traceback)
            parts.append(f'<pre class="output">{html.escape(text.rstrip())}</pre>')
    return "\n".join(parts)


def page(path: Path, folder: Path, around: tuple[Path | None, Path | None]) -> str:
    """The page of one lesson; its pictures go to folder / "pictures"."""
    nb, pictures = read(path), folder / "pictures"
    opened, colour = explorers(nb), highlight.Highlight2HTML(pygments_lexer="python")
    parts = []
    for k, cell in enumerate(nb.cells):
        name = f"{path.stem}-{k}"
        if cell.cell_type == "markdown":
            parts.append(markdown(cell.source))
        elif cell.cell_type == "code":
            parts.append(colour(cell.source))
            parts.append(
                panel(opened[k], name, pictures) if k in opened else outputs(cell, name, pictures)
            )
            if "nbval-ignore-output" in tags(cell) and not cell.outputs:
                parts.append("<p><em>(a progress bar ran here)</em></p>")
    title = html.escape(re.sub(r"^#+\s*", "", nb.cells[0].source.split("\n")[0]))
    links = ['<a href="index.html">all lessons</a>'] + [
        f'<a href="{other.stem}.html">{words}</a>'
        for other, words in zip(around, ("previous", "next"), strict=True)
        if other is not None
    ]
    return whole_page(title, f"<nav>{' | '.join(links)}</nav>\n" + "\n".join(parts))


def whole_page(title: str, body: str) -> str:
    """An HTML document of the site."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<link rel="stylesheet" href="style.css"></head>\n<body>\n{body}\n</body></html>\n'
    )


def build(folder: Path, lessons: list[Path] | None = None) -> list[Path]:
    """Write the site and return its pages; a page that was there is replaced.

    lessons  .ipynb files; None for all of notebooks/
    """
    paths = lessons or sorted((ROOT / "notebooks").glob("*.ipynb"))
    folder = folder.resolve()
    shutil.rmtree(folder / "pictures", ignore_errors=True)
    (folder / "pictures").mkdir(parents=True)
    (folder / "style.css").write_text(STYLE)
    written, entries = [], []
    for k, path in enumerate(paths):
        around = (paths[k - 1] if k else None, paths[k + 1] if k + 1 < len(paths) else None)
        print(f"[{k + 1}/{len(paths)}] {path.name}", flush=True)
        written.append(folder / f"{path.stem}.html")
        with contextlib.chdir(path.parent):  # where a lesson runs, and finds its rows
            written[-1].write_text(page(path, folder, around), encoding="utf-8")
        title = nbformat.read(path, 4).cells[0].source.split("\n")[0].lstrip("# ")
        entries.append(f'<li><a href="{path.stem}.html">{html.escape(title)}</a></li>')
    index = f"<h1>Know the branch, and the set becomes convex</h1><ul>{''.join(entries)}</ul>"
    written.append(folder / "index.html")
    written[-1].write_text(whole_page("All lessons", index), encoding="utf-8")
    return written


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m kit.course.site")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "site")
    folder = parser.parse_args(arguments).folder.resolve()
    build(folder)
    print(f"Open {folder / 'index.html'} in a browser; no network is needed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
