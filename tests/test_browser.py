"""Explorers in JupyterLab, driven by the keyboard in a real browser; nothing is faked.

Each notebook, as far as its explorers need it, is opened and run from the Run menu, and every
control of every explorer is moved. The picture must change, judged by its pixels: a page can hold
an <img> and show nothing.
Screenshots go to tests/screenshots/ for a person to look at.
"""

import ast
import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from matplotlib.image import imread
from playwright.sync_api import Error, TimeoutError, sync_playwright
from sampled import sampled

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SCREENSHOTS = ROOT / "tests" / "screenshots"
LESSONS = sorted(
    path.with_suffix(".ipynb").name
    for path in (ROOT / "notebooks").glob("*.py")
    if "explorer(" in path.read_text() and path.with_suffix(".ipynb").exists()
)
SAMPLE = {"00", "02", "11", "13", "18", "20", "23", "26"}  # of the lessons, those that CI opens
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MINUTE = 60_000  # Playwright counts in milliseconds

TOY = '''
import numpy as np
from ipywidgets import Checkbox, Dropdown, FloatSlider, IntSlider, ToggleButtons
from matplotlib.figure import Figure
from kit.course.explorers import explorer

def branch(y, sign, power, dots, shade):
    """One branch of the curve x^power z = y."""
    if y == 0:
        raise ValueError("y = 0 has no branch")
    figure = Figure(figsize=(6.4, 4.2))
    ax = figure.subplots()
    x = np.linspace(0.1, 4, dots)
    ax.plot(sign * x, sign * y / x**power, "o-", color="#0072b2")
    if shade:
        ax.axhspan(0, 4, color="0.9")
    ax.set(xlim=(-4, 4), ylim=(-4, 4), xlabel="x", ylabel="z")
    return figure, {"product": y, "branch": "right" if sign > 0 else "left", "dots": dots}

explorer(
    branch,
    y=FloatSlider(0.1, min=-4, max=4, step=0.1, description="product y"),
    sign=ToggleButtons(options=[("x > 0", 1), ("x < 0", -1)], description="side"),
    power=Dropdown(options=[1, 2], description="power of x"),
    dots=IntSlider(30, min=2, max=40, description="number of dots"),
    shade=Checkbox(False, description="shade the upper half"),
)
'''


SLOW = """
import time
from ipywidgets import IntSlider
from matplotlib.figure import Figure
from kit.course.explorers import explorer

times = 0

def bar(n):
    global times
    times += 1
    time.sleep(0.2)
    figure = Figure(figsize=(4, 1))
    figure.subplots().barh([0], [n])
    return figure, {"n": n, "times": times}

explorer(bar, n=IntSlider(0, min=0, max=40, description="n"))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    """A JupyterLab of its own on a free port, with settings, workspace and notebooks of its own."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "work", ignore=shutil.ignore_patterns(".*"))
    for path in (home / "work").glob("*.ipynb"):
        lesson = nbformat.read(path, 4)
        assert lesson.metadata.kernelspec.name == "python3", path.name
        nbformat.write(without_the_rest(lesson), path)
    for name, source in (("toy", TOY), ("slow", SLOW)):
        nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip(), id=name)])
        nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(nb, home / "work" / f"{name}.ipynb")
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True"]  # opening and waiting by its own commands
    command += [f"--ServerApp.root_dir={home / 'work'}"]
    command += ["--ServerApp.shutdown_no_activity_timeout=300"]  # should this process be killed
    command += ["--MappingKernelManager.cull_idle_timeout=300"]
    address = f"http://127.0.0.1:{port}"
    with open(home / "log", "w") as log:
        server = subprocess.Popen(
            command,
            cwd=home,
            env=os.environ | {name: str(home / folder) for name, folder in own.items()},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(f"{address}/api/status", server, home / "log")
            yield address
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)  # kernels it may have left
            server.wait()


def without_the_rest(lesson):
    """The lesson, cleared, less the code that its explorers do not need: nbval runs all of it."""
    wanted, kept = set(), []
    for cell in reversed(lesson.cells):
        if cell.cell_type == "code":
            nodes = list(ast.walk(ast.parse(TransformerManager().transform_cell(cell.source))))
            names = [node for node in nodes if isinstance(node, ast.Name)]
            made = {name.id for name in names if isinstance(name.ctx, ast.Store)}
            made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
            aliases = [node for node in nodes if isinstance(node, ast.alias)]
            made |= {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
            if "explorer(" not in cell.source and not made & wanted:
                continue
            wanted |= {name.id for name in names}
            cell.outputs, cell.execution_count = [], None
        kept.append(cell)
    lesson.cells = kept[::-1]
    return lesson


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        why = "no Chromium is installed, so explorers were not tried in a browser"
        if os.environ.get("KIT_REQUIRE_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser, lab):
    """One page for all tests: JupyterLab takes seconds to load. It refuses, and remembers, every
    request that would leave this machine.
    """
    context = browser.new_context(viewport={"width": 1200, "height": 850})
    outside = []

    def refuse(route):
        outside.append(route.request.url)
        route.abort()

    context.route(lambda url: not _is_local(url), refuse)
    page = context.new_page()
    page.on("websocket", lambda ws: None if _is_local(ws.url) else outside.append(ws.url))
    page.set_default_timeout(MINUTE)
    load(page, lab)
    yield page, outside
    context.close()


@pytest.fixture
def page(tab, lab, request):
    """The page with nothing open in it; what is open at the end is closed, kernels too."""
    page, outside = tab
    yield page
    last = re.sub(r"\W+", "-", request.node.name).strip("-")
    page.screenshot(path=SCREENSHOTS / "last" / f"{last}.png")  # where a failing test stood
    close(page)
    if request.session.testsfailed:
        load(page, lab)
    assert outside == [], "the page asked for something outside this machine"


@pytest.mark.parametrize("notebook", sampled(["toy.ipynb", *LESSONS], SAMPLE | {"toy"}))
def test_every_control_redraws_the_picture(lab, page, notebook):
    run_all(page, lab, notebook)
    explorers = page.locator(".kit-explorer")
    assert explorers.count() > 0
    for i in range(explorers.count()):
        box = explorers.nth(i)
        first = pixels(box)
        assert first[..., :3].std() > 0.01, "the picture is blank"
        show(page, box)
        shot = SCREENSHOTS / f"{Path(notebook).stem}-{i + 1}.png"
        assert_fits(page, box)
        page.screenshot(path=shot)
        moves = list(controls(box))
        assert moves, "an explorer without controls"
        for control, keys in moves:  # each from the start: one setting may hide another
            press_until_redrawn(page, box, control, keys)
            page.screenshot(path=shot.with_stem(f"{shot.stem}-moved"))
            box.get_by_role("button", name="Reset").press("Enter")
            back = wait_for(page, box, lambda now, first=first: differing(first, now) == 0)
            assert back, "Reset does not reset"
        with theme(page, "JupyterLab Dark"):
            show(page, box)
            page.screenshot(path=shot.with_stem(f"{shot.stem}-dark"))
            assert_readable(box)
            press_until_redrawn(page, box, *moves[0])


def test_controls_are_reached_by_tab_and_named(lab, page):
    run_all(page, lab, "toy.ipynb")
    box = page.locator(".kit-explorer")
    box.locator(".noUi-handle").first.focus()
    met = []
    for _ in range(12):
        met.append(page.evaluate("document.activeElement.closest('.jupyter-widgets').innerText"))
        if met[-1] == "Reset":
            break
        page.keyboard.press("Tab")
    for name in ("product y", "x > 0", "power of x", "number of dots", "shade", "Reset"):
        assert any(name in text for text in met), f"{name} was not met on the way: {met}"
    assert box.get_by_role("img", name=re.compile("product: 0.1; branch: right")).count() == 1


def test_a_setting_without_a_picture_is_told_in_words(lab, page):
    run_all(page, lab, "toy.ipynb")
    box = page.locator(".kit-explorer")
    before = pixels(box)
    box.locator(".noUi-handle").first.press("ArrowLeft")  # y from 0.1 to 0
    alert = box.get_by_role("alert")
    alert.wait_for()
    assert "y = 0 has no branch" in alert.inner_text()
    assert np.array_equal(pixels(box), before)
    show(page, box)
    page.screenshot(path=SCREENSHOTS / "toy-stale.png")
    box.locator(".noUi-handle").first.press("ArrowRight")
    alert.wait_for(state="detached")


def test_a_fast_drag_skips_to_the_latest_value(lab, page):
    run_all(page, lab, "slow.ipynb")
    box = page.locator(".kit-explorer")
    box.locator(".noUi-handle").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    box.get_by_text("n: 30").wait_for()
    times = int(re.search(r"times: (\d+)", box.inner_text())[1])
    assert times < 20, f"{times} pictures for 30 steps"


def load(page, lab):
    """Open JupyterLab without any notebook."""
    page.goto(f"{lab}/lab?reset")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate("() => jupyterapp.restored")


def close(page):
    """Close what is open and shut down its kernel, keeping nothing."""
    page.evaluate(
        """async () => {
            for (const w of [...jupyterapp.shell.widgets('main')]) {
                if (w.sessionContext) await w.sessionContext.shutdown();
                if (w.context) { w.context.model.dirty = false; w.close(); }
            }
        }"""
    )


def run_all(page, lab, notebook):
    """Open the notebook, choose Run > Run All Cells, wait for the kernel; no cell may fail.

    JupyterLab now and then misses a message of a kernel that has just started, and then waits for
    it for ever, with the kernel idle: then all is begun anew, once.
    """
    for last in (False, True):
        page.evaluate(OPEN, notebook)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator('[data-command="runmenu:run-all"]').click()
        if ended(page):
            break
        stand = page.evaluate(f"() => [({KERNEL}).status, {CELLS}]")
        print(f"{notebook} did not run to its end: {stand}")
        assert not last and stand[0] == "idle", f"{notebook}, kernel and cells: {stand}"
        load(page, lab)
    errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert not page.evaluate(f"() => {FAILED}"), errors.first.inner_text()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()


def ended(page):
    """Whether all cells have run, or one has failed: waits as long as anything moves.

    A kernel is idle for a moment between two cells as well, so that only one that was idle twice,
    with the same cells done, has stopped.
    """
    before = None
    for _ in range(12):
        with contextlib.suppress(TimeoutError):
            done = f"() => ({CELLS}).every(c => c.count) || {FAILED}"
            page.wait_for_function(done, timeout=MINUTE / 4)
            return True
        now = page.evaluate(f"() => [({KERNEL}).status, ({CELLS}).map(c => c.count)]")
        if now[0] == "idle" and now == before:
            return False
        before = now
    return False


OPEN = """async path => {
    const settings = {path, factory: "Notebook", kernel: {name: "python3"}};
    const book = await jupyterapp.commands.execute("docmanager:open", settings);
    await book.context.ready;
    await book.sessionContext.ready;
    await book.sessionContext.session.kernel.info;
}"""
BOOK = "jupyterapp.shell.currentWidget"
KERNEL = f"{BOOK}.sessionContext.session.kernel"
CODE = f"[...{BOOK}.content.model.cells].filter(c => c.type == 'code')"
CELLS = f"{CODE}.map(c => ({{state: c.executionState, count: c.executionCount}}))"
FAILED = f"{CODE}.some(c => c.outputs.toJSON().some(o => o.output_type == 'error'))"


def controls(box):
    """Each control of an explorer, with the keys that move it by one step."""
    for handle in box.locator(".noUi-handle").all():
        top = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        yield handle, ["ArrowLeft" if top else "ArrowRight"]
    for group in box.locator(".widget-toggle-buttons").all():
        yield group.locator("button:not(.mod-active)").first, ["Enter"]
    for select in box.locator("select").all():
        down = select.evaluate("list => list.selectedIndex + 1 < list.length")
        # JupyterLab takes the arrows of a closed list for its own, so it is opened first
        yield select, ["Space", "ArrowDown" if down else "ArrowUp", "Enter"]
    for tick in box.locator("input[type=checkbox]").all():
        yield tick, ["Space"]


@contextlib.contextmanager
def theme(page, name):
    """The page in another theme of JupyterLab, until the end of the block."""
    change = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
    worn = "theme => document.body.dataset.jpThemeName == theme"
    page.evaluate(change, name)
    page.wait_for_function(worn, arg=name)
    yield
    page.evaluate(change, "JupyterLab Light")
    page.wait_for_function(worn, arg="JupyterLab Light")


def assert_readable(box):
    """Each line of words in an explorer stands out from its ground by 4.5 to 1 (WCAG 2, 1.4.3)."""
    lines = box.evaluate(COLOURS)
    assert lines
    for text, *colours in lines:
        dark, light = sorted(luminance(colour) for colour in colours)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, colours)


def luminance(colour):
    """Relative luminance of a colour "rgb(r, g, b)", as WCAG 2 defines it."""
    part = np.array(re.findall(r"[\d.]+", colour)[:3], dtype=float) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


COLOURS = """box => {
    const ground = e => {
        for (; e; e = e.parentElement) {
            const [r, g, b, a = 1] = getComputedStyle(e).backgroundColor.match(/[\\d.]+/g);
            if (a > 0.99) return `rgb(${r}, ${g}, ${b})`;
        }
        return "rgb(255, 255, 255)";
    };
    return [...box.querySelectorAll("*")].filter(e => e.offsetParent &&
        [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())
    ).map(e => [e.textContent, getComputedStyle(e).color, ground(e)]);
}"""


def press_until_redrawn(page, box, control, keys):
    """Move a control by keys, a slider by up to eight steps, until the picture differs in at least
    a thousandth of its pixels.
    """
    before = pixels(box)
    steps = 8 if keys[0].startswith("Arrow") else 1
    control.focus()
    for _ in range(steps):
        for key in keys:
            page.keyboard.press(key)
        changed = wait_for(
            page, box, lambda now: differing(before, now) > 1e-3 * now[..., 0].size, 32 / steps
        )
        if changed:
            return
    pytest.fail(f"the picture stayed as it was after {keys} on {control}")


def wait_for(page, box, condition, seconds=30):
    """Whether the picture comes to be as the condition says."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition(pixels(box)):
            return True
        page.wait_for_timeout(100)
    return False


def pixels(box):
    """The picture that the page shows, as an array (height, width, 4)."""
    image = box.locator("img.widget-image")
    for _ in range(20):
        with contextlib.suppress(Error):  # redrawn just now: the old address is gone
            return imread(BytesIO(base64.b64decode(image.evaluate(READ).partition(",")[2])))
    pytest.fail("the picture could not be read from the page")


READ = """async image => {
    const reader = new FileReader();
    reader.readAsDataURL(await (await fetch(image.src)).blob());
    await new Promise(done => reader.onload = done);
    return reader.result;
}"""


def differing(a, b):
    """How many pixels differ; all of them if the sizes do."""
    return np.count_nonzero(np.abs(a - b).max(axis=-1) > 0.05) if a.shape == b.shape else a.size


def show(page, box):
    """Scroll to an explorer, and wait until the cells above it have found their height."""
    top = None
    for _ in range(50):
        box.evaluate("box => box.scrollIntoView({block: 'end'})")
        page.wait_for_timeout(200)
        last, top = top, box.bounding_box()["y"]
        if last == top and box.locator("img").evaluate("i => i.complete && i.height > 0"):
            return
    pytest.fail("the page does not come to rest")


def assert_fits(page, box):
    """The whole explorer is seen at once, and nothing in it scrolls."""
    panel = page.locator(".jp-WindowedPanel-outer:visible").first.bounding_box()
    mine = box.bounding_box()
    assert mine["height"] <= panel["height"] and mine["width"] <= panel["width"]
    scrolling = box.evaluate(
        """box => [box, ...box.querySelectorAll("*")].filter(e =>
            ["auto", "scroll"].includes(getComputedStyle(e).overflowY) &&
            (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)
        ).map(e => e.className)"""
    )
    assert scrolling == []


def _is_local(url):
    return re.match(r"(https?|wss?)://127\.0\.0\.1(:|/)|(blob|data|about):", url) is not None


def _wait_for(url, server, log):
    for _ in range(300):
        assert server.poll() is None, log.read_text()[-2000:]
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")
