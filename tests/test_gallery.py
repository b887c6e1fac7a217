"""The explorers as an app: pages from lessons; in a browser, moved by the keyboard alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import test_browser as live
from sampled import sampled

from kit.course import gallery, launch
from kit.course.notebooks import read

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TILES = [tile for path in LESSONS for tile in gallery.tiles(read(path), path.stem)]


def test_every_explorer_of_every_lesson_has_a_tile_with_a_sentence_and_a_picture():
    there = sum("explorer(" in c.source for p in LESSONS for c in read(p).cells if "outputs" in c)
    assert len(TILES) == there >= 15
    for tile in TILES:
        assert 10 < len(tile.sentence) < 250 and tile.picture, tile.file
        assert not set("$\\*`") & set(tile.sentence + tile.title), tile.sentence


def test_a_page_has_the_imports_and_functions_that_its_cell_needs_and_no_other():
    cells = [
        nbformat.v4.new_markdown_cell("# 99 A lesson\n\nMove $\\lambda$. Then [look](x.ipynb)."),
        nbformat.v4.new_code_cell(
            "import os.path\nfrom math import cos, sin\ndef helper(x):\n    return cos(x)\n"
            "def draw(x):\n    return helper(x)\ndef other(x):\n    return sin(x)"
        ),
        nbformat.v4.new_code_cell("explorer(draw, x=1)"),
    ]
    (tile,) = gallery.tiles(nbformat.v4.new_notebook(cells=cells), "99_a")
    assert (tile.title, tile.sentence, tile.file) == ("99 A lesson", "Move λ.", "99_a-0.ipynb")
    helper, draw = "def helper(x):\n    return cos(x)", "def draw(x):\n    return helper(x)"
    assert tile.names == f"from math import cos\n{helper}\n{draw}"


def test_a_lesson_that_cannot_be_read_is_left_out_in_words(tmp_path, capsys):
    (tmp_path / "notebooks").mkdir()
    bad = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A")])
    bad.cells.append(nbformat.v4.new_code_cell("def half("))
    nbformat.write(bad, tmp_path / "notebooks" / "bad.ipynb")
    shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", tmp_path / "notebooks")
    assert gallery.main([str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "1 explorers found" in said.out and "bad.ipynb is left out" in said.err
    assert {p.name for p in (tmp_path / "explorers").iterdir()} == {
        "gallery.ipynb",
        "00_start_here-0.ipynb",
    }
    assert gallery.main([str(tmp_path / "nowhere")]) == 2


# In a browser -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of the app, served as `run.py explore` serves it, and the app's address."""
    pytest.importorskip("voila", reason="the app needs voila")
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        why = "no Chromium is installed, so the app was not tried"
        pytest.fail(why) if os.environ.get("KIT_REQUIRE_BROWSER") == "1" else pytest.skip(why)
    home = tmp_path_factory.mktemp("app")
    shutil.copytree(ROOT / "notebooks", home / "notebooks", ignore=shutil.ignore_patterns("*.py"))
    gallery.build(home)
    commands = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "ROOT", home)
        patch.setattr(launch, "call", lambda *command, **_: commands.append(command) or 0)
        patch.setattr(launch, "copy_lessons", lambda: None)
        patch.setenv("JUPYTER_TOKEN", "key")
        assert launch.explore(["--no-browser", "--allow-root"]) == 0
        environ = {**os.environ, "JUPYTER_CONFIG_DIR": str(home / "config")}
    command = [sys.executable, *commands[-1][1:]]
    (port,) = (word.partition("=")[2] for word in command if word.startswith("--ServerApp.port="))
    with open(home / "log", "w") as log, playwright.sync_playwright() as p:
        own = {"cwd": home, "env": environ, "stdout": log, "stderr": log}
        server = subprocess.Popen(command, start_new_session=True, **own)
        try:
            live._wait_for(f"http://127.0.0.1:{port}/api?token=key", server, home / "log")
            browser = p.chromium.launch(executable_path=chromium, args=live.FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(3 * live.MINUTE)  # a page comes when its cells have run
            page.goto(f"http://127.0.0.1:{port}/voila/render/explorers/gallery.ipynb?token=key")
            yield page
            browser.close()
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # kernels too
            server.wait()


@pytest.mark.slow
def test_the_gallery_shows_every_explorer_and_no_code(page):
    page.locator(".tiles li").last.wait_for()
    assert page.locator(".tiles li").count() == len(TILES)
    assert page.locator(".jp-InputArea-editor, .highlight").count() == 0
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 18
    page.set_viewport_size({"width": 1280, "height": 800})
    page.screenshot(path=live.SCREENSHOTS / "gallery.png")
    first = page.locator(".tiles a").first
    first.focus()
    page.keyboard.press("Enter")
    page.locator(".kit-explorer img").wait_for()
    lesson = page.get_by_role("link", name="The lesson")
    where = lesson.evaluate("a => a.href")
    assert "/lab/tree/notebooks/00_start_here.ipynb" in where
    assert page.request.get(where.replace("/lab/tree/", "/api/contents/") + "?content=0").ok


@pytest.mark.slow
@pytest.mark.parametrize(
    "tile",
    sampled(TILES, {"01", "12", "17", "21", "25"}, lambda tile: tile.file),
    ids=lambda tile: tile.file.removesuffix(".ipynb"),
)
def test_every_explorer_is_moved_by_keys_on_a_wall_and_on_a_phone(page, tile):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{page.url.partition('explorers/')[0]}explorers/{tile.file}")
    box = page.locator(".kit-explorer")
    box.locator("img").wait_for()
    assert page.locator(".jp-InputArea-editor, .highlight").count() == 0
    control, keys = next(live.controls(box))
    live.press_until_redrawn(page, box, control, keys)
    page.screenshot(path=live.SCREENSHOTS / f"app-{tile.file}-wall.png")
    page.set_viewport_size({"width": 390, "height": 844})
    control, keys = list(live.controls(box))[-1]
    live.press_until_redrawn(page, box, control, keys)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    edges = box.locator(".noUi-base, button, select").evaluate_all(
        "parts => parts.map(p => p.getBoundingClientRect().right)"
    )
    assert max(edges) <= 390
    page.screenshot(path=live.SCREENSHOTS / f"app-{tile.file}-phone.png")


def test_voila_s_settings_can_be_read(tmp_path):
    (tmp_path / "notebooks").mkdir()
    gallery.build(tmp_path)
    assert "VoilaConfiguration" in json.loads((tmp_path / "voila.json").read_text())
