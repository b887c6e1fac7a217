"""The reading copy: formulas, links, explorers as pictures; in a browser, without any network."""

import html
import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from kit.course import draw
from kit.course.explorers import POSITIONS, explorer, positions

site = pytest.importorskip("kit.course.site", reason="the reading copy needs latex2mathml")

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_formula_of_every_lesson_becomes_mathml(path):
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown":
            made = site.markdown(cell.source)
            prose = re.sub(r"<(code|pre)\b.*?</\1>", "", made, flags=re.DOTALL)
            assert "$" not in prose and r"\begin" not in prose
            assert made.count("<math") == made.count("</math>")
            links = re.findall(r'href="([^"#]*)"', made)
            assert not [link for link in links if link.endswith(".ipynb") and "/" not in link]


def test_a_formula_that_is_not_known_is_refused():
    assert 'class="boxed"' in site.formula(r"\boxed{a \ge b}", block=True)
    assert "<mo><</mo>" in html.unescape(site.formula("a &lt; b", block=False))
    for unknown in (r"\nosuchcommand{a}", r"\begin{nosuch} a &= b \end{nosuch}"):
        with pytest.raises(ValueError, match="no MathML"):
            site.formula(unknown, block=False)


def test_formulas_in_rows_stand_in_rows():
    made = site.formula(r"\begin{aligned} a &= b, \\[2pt] c &= d \end{aligned}", block=True)
    assert made.count("<mtr>") == 2 and made.count("<mtd") == 4
    assert "2pt" not in made and "&<" not in made
    assert "\\" not in site.formula(r"\bigl\| A z \bigr\| \le \Bigl\| z \Bigr\|", block=True)


def test_positions_hold_the_start_and_keep_to_the_control():
    from ipywidgets import Checkbox, FloatLogSlider, FloatSlider, IntSlider, ToggleButtons

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
    from ipywidgets import FloatSlider, ToggleButtons

    shown = explorer(
        one_branch,
        y=FloatSlider(1.0, min=-1, max=1, step=0.5, description="y"),
        sign=ToggleButtons(options=[1, -1], description="sign of w"),
    )
    made = site.panel(shown, "e", tmp_path)
    assert made.count('type="radio"') == 7 and made.count(" checked") == 1
    assert "y must not be 0" in made
    assert len(list(tmp_path.glob("*.png"))) == 6


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
    assert list(site.explorers(nb)) == [2]  # the last one's picture stays as it is stored


@pytest.mark.slow
def test_the_site_in_a_browser_that_reaches_nothing_but_its_files(tmp_path):
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        why = "no Chromium is installed, so the reading copy was not opened"
        pytest.fail(why) if os.environ.get("KIT_REQUIRE_BROWSER") == "1" else pytest.skip(why)
    chosen = [path for path in LESSONS if path.stem[:2] in ("00", "01", "11")]
    pages = site.build(tmp_path / "site", chosen)
    asked = []

    def answer(route):
        local = route.request.url.startswith("file://")
        asked.append(route.request.url) if not local else None
        route.continue_() if local else route.abort()

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1200, "height": 850}, offline=True)
        context.route("**", answer)
        page = context.new_page()
        for path in pages:
            page.goto(path.as_uri())
            text = page.evaluate(
                "() => { const c = document.body.cloneNode(true);"
                " c.querySelectorAll('pre, code, style').forEach(e => e.remove());"
                " return c.textContent }"
            )
            assert "$" not in text and "\\" not in text, path.name
            shown = "[...document.images].filter(i => i.offsetParent !== null)"
            assert page.evaluate(f"{shown}.every(i => i.complete && i.naturalWidth > 100)")
            formulas = "[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect())"
            assert page.evaluate(f"{formulas}.every(r => r.width > 2 && r.height > 2)"), path.name
            for box in page.locator(".explorer").all():
                assert box.locator(".view:visible").count() == 1
                before = box.locator(".view:visible").get_attribute("id")
                box.locator("input:not(:checked)").first.focus()
                page.keyboard.press("Space")
                assert box.locator(".view:visible").count() == 1
                assert box.locator(".view:visible").get_attribute("id") != before
        browser.close()
    assert asked == []
