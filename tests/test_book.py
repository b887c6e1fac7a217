"""The book: explorers as sliders over pictures; in a browser, without any network."""

import gzip
import importlib.util
import json
import os
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from ipywidgets import Checkbox, FloatLogSlider, FloatSlider, IntSlider, ToggleButtons

from kit.course import book, draw, drawing, panels
from kit.course.explorers import POSITIONS, explorer, positions
from kit.experiments.theorems import LEDGER

ROOT = Path(__file__).parents[1]
CHOSEN = ("00", "01", "11", "gl")  # beginnings of the lessons that are built and opened here
TOOLS = ("sphinx", "myst_nb", "sphinx_book_theme")


def test_positions_hold_the_start_and_keep_to_the_control():
    logs = positions(FloatLogSlider(0.05, min=-2, max=-0.2, step=0.1))
    assert [words for words, _ in logs] == ["0.01", "0.05", "0.07943", "0.2512", "0.631"]
    values = [value for _, value in positions(IntSlider(3, min=1, max=8))]
    assert 3 in values and values == sorted(set(values)) and min(values) >= 1 and max(values) <= 8
    floats = [value for _, value in positions(FloatSlider(0.3, min=0, max=1, step=0.05))]
    assert 0.3 in floats and len(floats) == POSITIONS
    assert positions(Checkbox(True)) == [("no", False), ("yes", True)]
    assert [v for _, v in positions(ToggleButtons(options=[1, -1]))] == [1, -1]


def one_branch(y, sign):
    """A figure for an explorer, which refuses y = 0."""
    figure, ax = draw.figure()
    draw.plane(ax, 4, "w", "x")
    draw.branch(ax, y, sign)
    return figure, {"y": y}


def test_an_explorer_becomes_pictures_and_a_refusal_becomes_words(tmp_path):
    shown = explorer(
        one_branch,
        y=FloatSlider(1.0, min=-1, max=1, step=0.5, description="y"),
        sign=ToggleButtons(options=[1, -1], description="sign of w"),
    )
    made = panels.panel(shown, "e", tmp_path)
    assert made.count('type="range"') == 1 and made.count("<select") == 1
    slider, choice = (json.loads(unescape(v)) for v in re.findall(r'data-views="([^"]*)"', made))
    assert [view["words"] for view in slider if view["start"]] == ["1"]
    assert [view["start"] for view in choice] == [True, False]
    (refused,) = (view for view in slider if not view["file"])
    assert "y must not be 0" in refused["text"]
    files = {view["file"] for view in slider + choice} - {""}
    assert {path.name for path in tmp_path.iterdir()} == files and len(files) == 6
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 30_000


def test_an_explorer_is_found_behind_functions_that_need_the_lesson():
    cells = [
        "from ipywidgets import IntSlider\nfrom kit.course.explorers import explorer\n"
        "from kit.course import draw\n"
        "def bar(n):\n    figure, ax = draw.figure()\n    return figure, {}",
        "data = 1\ndef late(x=data):\n    return x\ndef early(x):\n    return x",
        "explorer(bar, n=IntSlider(early(3), min=1, max=8, description='n'))",
        "explorer(bar, n=IntSlider(late(3), min=1, max=8, description='n'))",
    ]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    assert list(panels.explorers(nb)) == [2]  # the last one's picture stays as it is stored


def test_an_explorer_that_cannot_be_drawn_is_named_and_shown_as_stored(capsys):
    source = (
        "from ipywidgets import IntSlider\nfrom kit.course.explorers import explorer\n"
        "def draw(n):\n    raise ValueError('n is too much')\n"
        "explorer(draw, n=IntSlider(3, description='n'))"
    )
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    assert panels.explorers(nb) == {}
    assert "cell 0 is shown as stored: n is too much" in capsys.readouterr().err


def test_curves_are_turned_over_on_a_dark_page_and_scenes_are_not():
    def stored(stem, look):
        cells = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", 4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        pictures = filter(None, map(panels.decoded, outputs))
        return look in [drawing.look(panels.read(picture)) for picture in pictures]

    assert stored("18_images", "areas") and stored("11_hull_geometry", "lines")
    assert not stored("11_hull_geometry", "areas")


def test_the_ledger_s_page_holds_every_theorem_and_hypothesis():
    page = book.ledger()
    assert page.count("\n## ") == len(LEDGER)
    needs = sum(len(entry.hypotheses) for entry in LEDGER.values())
    assert page.count("* needs: ") == needs and "](notebooks/" in page


def test_a_folder_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert book.main([str(tmp_path)]) == 1
    assert "holds files that are no book" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


# In a browser -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A book of a few lessons, with launch buttons."""
    if missing := [name for name in TOOLS if importlib.util.find_spec(name) is None]:
        pytest.skip(f"the book needs {missing}")
    folder = tmp_path_factory.mktemp("book") / "site"
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_REPOSITORY", "https://github.com/someone/kit")
        assert book.build(folder, [p for p in lessons if p.stem.startswith(CHOSEN)]) == 0
    return folder


@pytest.fixture(scope="module")
def open_page(site):
    """Open a page of the book where every request for anything but its files fails the test."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        why = "no Chromium is installed, so the book was not opened"
        pytest.fail(why) if os.environ.get("KIT_REQUIRE_BROWSER") == "1" else pytest.skip(why)
    asked = []

    def answer(route):
        local = route.request.url.startswith("file://")
        asked.append(route.request.url) if not local else None
        route.continue_() if local else route.abort()

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
        context.route("**", answer)
        page = context.new_page()
        page.on("request", lambda request: visit.files.add(request.url.partition("?")[0]))

        def visit(name, width=1280, theme="light"):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=theme)
            visit.files = set()
            page.goto((site / name).as_uri())
            return page

        yield visit
        browser.close()
    assert asked == []


def weight(file):
    """Bytes on the way to a reader, as Lighthouse counts them: servers compress what is text."""
    data = file.read_bytes()
    return len(gzip.compress(data) if file.suffix in (".html", ".js", ".css") else data)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["00_start_here", "01_bounds", "11_hull_geometry", "glossary"])
def test_a_lesson_s_page_sets_its_formulas_and_turns_its_explorers(open_page, site, path):
    page = open_page(f"notebooks/{path}.html")
    source = (site / "_sources" / "notebooks" / f"{path}.ipynb").read_bytes()
    assert source == (ROOT / "notebooks" / f"{path}.ipynb").read_bytes()  # the download
    formulas = page.locator("article .math").count()
    page.wait_for_function(f"document.querySelectorAll('article mjx-container').length>={formulas}")
    assert formulas > 10 and page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert page.evaluate(f"{PICTURES}.every(i => i.complete && i.naturalWidth > 100)")
    for box in page.locator(".explorer").all():
        image, facts = box.locator("img"), box.locator(".facts")
        for field in box.locator("[data-views]").all():
            before = image.get_attribute("src"), facts.inner_text()
            field.focus()
            back, there = ("ArrowLeft", "f.value == f.max")
            if field.evaluate("f => f.tagName") == "SELECT":
                back, there = ("ArrowUp", "f.selectedIndex > 0")
            forth = {"ArrowLeft": "ArrowRight", "ArrowUp": "ArrowDown"}[back]
            page.keyboard.press(back if field.evaluate(f"f => {there}") else forth)
            assert (image.get_attribute("src"), facts.inner_text()) != before
            page.wait_for_function(f"{PICTURES}.every(i => i.complete && i.naturalWidth > 100)")
    files = [Path(unquote(name.removeprefix("file://"))) for name in open_page.files]
    kept = [file for file in files if file.is_file()]
    assert sum(file.suffix == ".js" for file in kept) > 5
    assert sum(map(weight, kept)) < 3e6


PICTURES = "[...document.querySelectorAll('article img')]"


@pytest.mark.slow
def test_search_finds_a_word_from_disk(open_page):
    page = open_page("index.html")
    page.keyboard.press("Control+k")
    field = page.locator("input[type=search]:visible").first
    field.fill("certificate")
    field.press("Enter")
    page.locator("#search-results a[href*='notebooks/00_start_here']").first.wait_for()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "theme"),
    [
        ("index", "light"),
        ("notebooks/00_start_here", "light"),
        ("notebooks/11_hull_geometry", "light"),
        ("notebooks/11_hull_geometry", "dark"),
        ("ledger", "dark"),
        ("api/nettrim", "light"),
    ],
)
def test_no_serious_fault_of_accessibility(open_page, name, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(f"{name}.html", theme=theme)
    page.wait_for_function("!window.MathJax || !!MathJax.startup?.document")
    page.wait_for_function("document.getAnimations().every(a => a.playState === 'finished')")
    found = Axe().run(page).response["violations"]
    grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert [(f["id"], [n["html"][:150] for n in f["nodes"][:3]]) for f in grave] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index", "notebooks/11_hull_geometry", "ledger", "api/nettrim"])
def test_a_phone_s_page_does_not_move_sideways(open_page, name):
    page = open_page(f"{name}.html", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_launch_buttons_lead_to_the_lesson(open_page):
    page = open_page("notebooks/11_hull_geometry.html")
    links = page.locator("a").evaluate_all("a => a.map(x => x.href)")
    for place in (
        "mybinder.org/v2/gh/someone/kit/main",
        "colab.research.google.com/github/someone",
    ):
        assert any(place in link and "11_hull_geometry.ipynb" in link for link in links), place


@pytest.mark.slow
def test_a_dark_page_turns_its_pictures_over(open_page):
    page = open_page("notebooks/11_hull_geometry.html", theme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    lines = page.locator(".explorer img.lines")
    assert "invert" in lines.evaluate("i => getComputedStyle(i).filter")
    panel = page.locator(".cell_output .text_html:has(.explorer)")
    assert panel.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_what_the_book_names_is_there():
    """The API pages' modules, and the files of the kit that lessons link to, which it carries."""
    pages = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    modules = re.findall(r"automodule:: (\S+)", pages)
    assert len(modules) > 5 and all(map(importlib.util.find_spec, modules))
    lessons = (path.read_text() for path in (ROOT / "notebooks").glob("*.py"))
    linked = {name for text in lessons for name in re.findall(r"\]\(\.\./(kit/[^)#]+)\)", text)}
    assert len(linked) > 5 and [name for name in linked if not (ROOT / name).exists()] == []
