"""The explorers as an app for a lecture hall: a gallery, and a page for each without any code.

    python -m kit.course.gallery FOLDER      FOLDER/notebooks -> FOLDER/explorers, for Voila

`python3 run.py explore` does this in my/ and opens the gallery. A page is a small notebook: the
imports and functions that the explorer's cell needs, and that cell; Voila hides their code.
"""

import ast
import base64
import html
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kit.course.notebooks import plain, read, write
from kit.course.panels import decoded, opened, small

LESSON = "../../../lab/tree/notebooks/{}.ipynb"
WIDTH = 640  # of a tile's picture, in pixels
SIGNS = {"epsilon": "ε", "lambda": "λ", "rho": "ρ", "gamma": "γ", "mu": "μ", "pm": "±", "ell": "ℓ"}
STYLE = """\
<style>
body { font-size: 1.35rem !important }
main, .jp-Cell, .jp-RenderedHTMLCommon { font-size: 1.35rem !important; line-height: 1.45 }
.jp-RenderedHTMLCommon h1 { font-size: 1.8rem }
.kit-explorer { --jp-widgets-font-size: 1.2rem; --jp-widgets-inline-height: 2.2rem }
.jp-RenderedHTMLCommon p, .jp-RenderedHTMLCommon h1 { margin: 0 0 .4rem }
.kit-explorer img.widget-image { width: 100%; max-height: 60vh; object-fit: contain;
  object-position: left top }
a:focus-visible, .kit-explorer :focus-visible { outline: 3px solid #b3261e; outline-offset: 2px }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr));
         gap: 1.2rem; list-style: none !important; padding: 0 !important; margin: 0 }
.tiles li { border: 1px solid #888; border-radius: .5rem; padding: .8rem }
.tiles img { width: 100%; height: 14rem; object-fit: contain; object-position: top;
             background: #fff }
.tiles a.open { font-weight: 600 }
</style>"""


@dataclass(frozen=True)
class Tile:
    """One explorer: lesson (stem) and its title, number of cell, sentence, code, stored picture."""

    lesson: str
    title: str
    number: int
    sentence: str
    names: str  # what its cell needs: imports and functions
    cell: str
    picture: bytes | None

    @property
    def file(self) -> str:
        """Name of its page."""
        return f"{self.lesson}-{self.number}.ipynb"


def words(text: str) -> str:
    """Markdown and TeX as words."""
    text = re.sub(r"\\([a-z]+)", lambda found: SIGNS.get(found[1], found[0]), text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text.replace("\\|", "|").replace("\\,", " "))
    return re.sub(r"\s+", " ", re.sub(r"[*`$\\]|\^\\?top", "", text)).strip()


def sentence(markdown: str) -> str:
    """What to do with an explorer: the first sentence of the text before it, or its heading."""
    blocks = [block for block in markdown.split("\n\n") if block.strip()]
    last = words(re.sub(r"^#+ *", "", blocks[-1])) if blocks else ""
    said = re.split(r"(?<=[.?!])\s", last, maxsplit=1)[0]
    return said[:1].upper() + said[1:]


def tiles(nb: NotebookNode, lesson: str) -> list[Tile]:
    """The explorers of one lesson."""
    title = words(re.sub(r"^#+ *", "", nb.cells[0].source.split("\n")[0]))
    found = []
    for k, program in opened(nb):
        texts = [cell.source for cell in nb.cells[:k] if cell.cell_type != "code"]
        said = [title, *filter(None, map(sentence, texts))][-1]
        pictures = filter(None, map(decoded, nb.cells[k].get("outputs", [])))
        names = "\n".join(ast.unparse(s.node) for s in program if s.place[0] < k)
        cell = nb.cells[k].source
        found.append(Tile(lesson, title, len(found), said, names, cell, next(pictures, None)))
    return found


def page(tile: Tile) -> NotebookNode:
    """The notebook that Voila shows."""
    links = f"[The lesson]({LESSON.format(tile.lesson)}) | [All explorers](gallery.ipynb)"
    head = f"{STYLE}\n\n# {tile.title}\n\n{tile.sentence} {links}"
    start = "import os\n\nos.chdir('../notebooks')  # where stored rows are looked for"
    new = nbformat.v4
    cells = [new.new_code_cell(f"{start}\n{tile.names}"), new.new_markdown_cell(head)]
    return plain([*cells, new.new_code_cell(tile.cell)])


def gallery(all_tiles: list[Tile]) -> NotebookNode:
    """The notebook with a tile for each explorer."""
    rows = []
    for tile in all_tiles:
        shape = ""
        if tile.picture:
            data = base64.b64encode(small(tile.picture, 64, WIDTH)).decode("ascii")
            shape = f'<img src="data:image/png;base64,{data}" alt="">'
        title, lesson = html.escape(tile.title), LESSON.format(tile.lesson)
        rows.append(
            f'<li><a class="open" href="{tile.file}">{shape}{title}</a>'
            f"<br>{html.escape(tile.sentence)}<br>"
            f'<a href="{lesson}" aria-label="Lesson {title}">the lesson</a></li>'
        )
    text = f'{STYLE}\n\n# Explorers\n\n<ul class="tiles">\n{"".join(rows)}\n</ul>'
    return plain([nbformat.v4.new_markdown_cell(text)])


def build(folder: Path) -> list[Tile]:
    """Write folder/explorers from folder/notebooks, and Voila's settings; return the tiles."""
    found = []
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        try:
            found += tiles(read(path), path.stem)
        except (nbformat.ValidationError, ValueError) as problem:
            print(f"{path.name} is left out, its code cannot be read: {problem}", file=sys.stderr)
    pages = folder / "explorers"
    for tile in found:
        write(page(tile), pages / tile.file)
    write(gallery(found), pages / "gallery.ipynb")
    settings = {"VoilaConfiguration": {"show_tracebacks": True, "file_allowlist": []}}
    (folder / "voila.json").write_text(json.dumps(settings))
    return found


def main(arguments: list[str]) -> int:
    """Run the command line."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "notebooks").is_dir():
        print("python -m kit.course.gallery FOLDER, where FOLDER/notebooks holds the lessons")
        return 2
    print(f"{len(build(Path(arguments[0])))} explorers found.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
