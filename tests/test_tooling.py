"""The tools around the kit: locks, environment.yml, run.py, floors, and what is committed."""

import ast
import contextlib
import importlib.util
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import kit

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def committed(root: Path = ROOT) -> list[Path]:
    """Files that are, or would be, committed; all of them where git is not at hand."""
    listing = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(listing, cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        skipped = {".git", ".venv", "my", "__pycache__", ".ruff_cache", ".pytest_cache"}
        paths = [path for path in root.rglob("*") if not skipped & set(path.parts)]
    else:
        paths = [root / name for name in names.decode().split("\0") if name]
    return sorted(path for path in paths if path.is_file())


# Locks and environments ---------------------------------------------------------------------------


def direct(*extras: str) -> dict[str, Requirement]:
    """What pyproject.toml names itself, with the extras and the extras they name."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    found = {}
    for line in map(Requirement, lines):
        found |= direct(*line.extras) if line.name == PROJECT["name"] else {line.name: line}
    return found


def locked(text: str) -> dict[str, list[str]]:
    """Name -> versions in a lock file (more than one where a marker decides)."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(name, []).append(version)
    return found


def disagreements(text: str, wanted: dict[str, Requirement]) -> list[str]:
    """Direct dependencies that a lock lacks, or holds outside their bounds."""
    versions = locked(text)
    return [
        f"{name}: {versions.get(name, 'missing')}"
        for name, wish in wanted.items()
        if name not in versions or not all(wish.specifier.contains(v) for v in versions[name])
    ]


@pytest.mark.parametrize(("lock", "extras"), [(LOCKS[0], ("app",)), (LOCKS[1], ("test",))])
def test_lock_holds_every_direct_dependency_within_its_bounds(lock, extras):
    text = (ROOT / lock).read_text()
    assert disagreements(text, direct(*extras)) == []
    assert "setuptools" in locked(text)  # run.py installs the project without a build environment


def test_a_lock_out_of_bounds_is_refused():
    wanted = {"numpy": Requirement("numpy>=2.0"), "scipy": Requirement("scipy>=1.14")}
    assert disagreements("numpy==1.26.4 \\\n", wanted) == ["numpy: ['1.26.4']", "scipy: missing"]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_hashes_and_no_addresses(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text and "index-url" not in text and "find-links" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert entry.startswith("#") or "--hash=sha256:" in entry, entry.splitlines()[0]


def test_lessons_lock_is_part_of_the_test_lock():
    lessons, tests = (locked((ROOT / lock).read_text()) for lock in LOCKS)
    assert {name: tests.get(name) for name in lessons} == lessons
    assert not {"torch", "nbgrader", "dask"} & set(lessons)
    assert "torch" not in tests


def test_environment_yml_says_what_pyproject_says():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == PROJECT["name"]
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    python, pip, *lines, last = environment["dependencies"]
    assert [python, pip, last] == ["python=3.12", "pip", {"pip": ["-e ."]}]
    assert sorted(lines) == sorted(map(str, direct("lessons").values()))


def test_the_kit_alone_is_light():
    light = {"cvxpy", "clarabel", "scs", "joblib", "numpy", "scikit-learn", "scipy"}
    assert set(direct()) == light | {"threadpoolctl", "tqdm"}
    code = "import sys, kit.nettrim, kit.branchhull, kit.experiments; print(*sys.modules)"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert not {"matplotlib", "ipywidgets", "IPython", "jupytext"} & set(made.stdout.split())
    assert "kit.nettrim" in made.stdout


def test_python_m_kit_says_version_and_where_lessons_are(capsys, tmp_path, monkeypatch):
    from kit.__main__ import main

    assert main([]) == 0
    said = capsys.readouterr().out
    assert f"branch-kit {kit.__version__}" in said and "MISSING" not in said
    assert str(ROOT / "notebooks") in said
    monkeypatch.setattr(kit, "__file__", str(tmp_path / "kit" / "__init__.py"))
    assert main(["--lessons"]) == 0
    assert "not in this installation" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--frob"])
    assert "--frob" in capsys.readouterr().err


def test_citation_names_the_software_and_the_papers():
    text = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= set(text)
    assert text["version"] == PROJECT["version"] == kit.__version__
    assert text["license"] == PROJECT["license"]
    assert f"## {PROJECT['version']} " in (ROOT / "CHANGELOG.md").read_text()
    arxiv = {entry["identifiers"][0]["value"].partition(":")[2] for entry in text["references"]}
    assert arxiv == {"1702.04342", "1809.08359", "1611.05162", "1806.06457", "1211.5608"}
    assert all({"type", "title", "authors", "year"} <= set(e) for e in text["references"])


def test_the_workflow_runs_ci_on_every_python_that_is_promised():
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]["ci"]
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    promised = [f"3.{minor}" for minor in range(int(low), int(high))]
    assert job["strategy"]["matrix"]["python"] == promised
    assert job["steps"][-1]["run"] == "bash .ci/run"
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md"):
        assert {"name", "about"} == set(yaml.safe_load(path.read_text().split("---")[1]))


@pytest.mark.slow
def test_the_wheel_holds_the_kit_and_works_away_from_the_clone(tmp_path):
    source = tmp_path / "source"  # setuptools leaves its traces where it builds
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "kit", source / "kit", ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "-w", tmp_path, source], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"branch_kit-{kit.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if "dist-info" not in name}
        metadata = archive.read(f"branch_kit-{kit.__version__}.dist-info/METADATA").decode()
        archive.extractall(tmp_path / "installed")
    assert names == {p.relative_to(ROOT).as_posix() for p in (ROOT / "kit").rglob("*.py")}
    light = re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", metadata, re.MULTILINE)
    assert set(light) == set(direct()) and "License-File: LICENSE" in metadata
    lines = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r})\n{lines}"
    code += "import kit; print(kit.__file__)"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", code]
    made = subprocess.run(command, cwd=tmp_path, env=kept, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert "SOLVED" in made.stdout and str(tmp_path / "installed") in made.stdout


def test_pre_commit_hooks_are_local():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in config["repos"]] == ["local"]


# run.py -------------------------------------------------------------------------------------------


def imports(path: Path) -> set[str]:
    """Dotted names of all modules a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_run_needs_nothing_but_python():
    for file in ("run.py", "kit/course/launch.py", "kit/__init__.py"):
        found = {name.split(".")[0] for name in imports(ROOT / file)}
        assert found <= {*sys.stdlib_module_names, "kit"}, file


def test_an_old_python_can_read_run_py_as_far_as_its_sentence():
    text = (ROOT / "run.py").read_text()
    assert text.index("sys.exit(2)") < text.index("from kit")
    assert not re.search(r"\bf\"|->|:=|print\(", text)  # what Python 2.7 cannot read
    for version in ("2.7.18", "3.6.15", "3.10.13"):  # where pyenv has them
        python = Path.home() / ".pyenv" / "versions" / version / "bin" / "python"
        if python.exists():
            made = subprocess.run([python, ROOT / "run.py", "lab"], capture_output=True, text=True)
            assert made.returncode == 2 and made.stdout == ""
            assert re.fullmatch(r"This kit needs .*; this is [\d.]+\.\n", made.stderr)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run.py in an empty project; commands are noted in run.calls and answer with run.codes."""
    launch = ROOT / "kit" / "course" / "launch.py"
    spec = importlib.util.spec_from_file_location("run_under_test", launch)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    values = {"ROOT": tmp_path, "VENV": venv, "STAMP": venv / "kit-stamp"}
    values |= {"PYTHON": venv / "bin" / "python", "calls": [], "codes": []}
    for name, value in values.items():
        setattr(module, name, value)
    for name in (*LOCKS, "pyproject.toml"):
        (tmp_path / name).write_text(name)

    def call(*command, **_options):
        module.calls.append(" ".join(map(str, command)))
        return module.codes.pop(0) if module.codes else 0

    def create(folder, with_pip):
        (folder / "bin").mkdir(exist_ok=True)
        module.PYTHON.touch()
        version = module.platform.python_version()
        (folder / "pyvenv.cfg").write_text(f"version = {version}\n")

    monkeypatch.setattr(module, "call", call)
    monkeypatch.setattr(module.venv, "create", create)
    return module


def test_install_happens_once(run, capsys):
    run.install(LOCKS[0])
    assert any("uv pip install" in c and f"--require-hashes -r {LOCKS[0]}" in c for c in run.calls)
    assert "minute" in capsys.readouterr().out
    run.calls.clear()
    run.install(LOCKS[0])
    assert run.calls == [] and capsys.readouterr().out == ""


@pytest.mark.parametrize("name", [LOCKS[0], "pyproject.toml"])
def test_a_change_makes_the_installation_stale(run, name):
    run.install(LOCKS[0])
    (run.ROOT / name).write_text("changed")
    run.calls.clear()
    run.install(LOCKS[0])
    assert run.calls


def test_another_python_or_place_makes_it_stale(run, monkeypatch, tmp_path):
    here = run.stamp(LOCKS[0])
    monkeypatch.setattr(run, "ROOT", tmp_path / ".")
    assert run.stamp(LOCKS[0]) == here
    monkeypatch.setattr(run.platform, "python_version", lambda: "3.99.0")
    assert run.stamp(LOCKS[0]) != here


def test_the_test_lock_serves_the_lessons_but_not_the_other_way_round(run):
    run.install(LOCKS[0])
    run.calls.clear()
    run.install(LOCKS[1])
    assert run.calls
    run.calls.clear()
    run.install(LOCKS[0])
    assert run.calls == []


def test_a_broken_off_installation_leaves_no_stamp_and_starts_anew(run, monkeypatch):
    def broken_off(*_command, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "call", broken_off)
        with pytest.raises(KeyboardInterrupt):
            run.install(LOCKS[0])
    assert run.STAMP.read_text() == "unfinished"
    (run.VENV / "leftover").touch()
    run.install(LOCKS[0])
    assert not (run.VENV / "leftover").exists()
    assert run.STAMP.read_text() == run.stamp(LOCKS[0])


@pytest.mark.parametrize(
    ("stamp", "version", "kept"),
    [
        ("", "", True),  # made by hand, with the same Python: used as it is
        ("", "3.99.1", False),
        ("3.99.1 x86_64 elsewhere\n0123", "", False),  # of another Python, or moved
    ],
)
def test_an_environment_is_kept_where_it_can_be_used(run, stamp, version, kept):
    (run.VENV / "bin").mkdir(parents=True)
    run.PYTHON.touch()
    version = version or run.platform.python_version()
    (run.VENV / "pyvenv.cfg").write_text(f"version_info = {version}\n")
    (run.VENV / "extra").touch()
    if stamp:
        run.STAMP.write_text(stamp)
    run.install(LOCKS[0])
    assert (run.VENV / "extra").exists() == kept


def test_pip_steps_in_for_uv(run):
    run.codes += [1]  # uv cannot be had
    run.install(LOCKS[0])
    assert not any("uv pip" in command for command in run.calls)
    assert sum("pip" in command and "install -" in command for command in run.calls) == 2


def test_uv_that_fails_gives_way_to_pip_and_a_failure_is_told(run):
    run.codes += [0, 1]  # uv is there, and fails
    run.install(LOCKS[0])
    assert run.STAMP.read_text() == run.stamp(LOCKS[0])
    run.STAMP.write_text("")
    run.codes += [0, 1, 1]  # and pip fails too
    with pytest.raises(SystemExit, match="failed"):
        run.install(LOCKS[0])
    assert run.STAMP.read_text() == "unfinished"


def test_both_halves_of_the_tests_run_and_either_failure_counts(run):
    for codes, verdict in ([0, 0], 0), ([1, 0], 1), ([0, 1], 1), ([0, 5], 1):
        run.calls.clear()
        run.codes[:] = codes
        assert run.test([]) == verdict
        assert ["--nbval" in command for command in run.calls] == [False, True]
    assert "not slow" in run.calls[0] and "--nbval-current-env" in run.calls[1]
    run.calls.clear()
    assert run.test(["--all"]) == 0
    assert len(run.calls) == 2
    assert "not slow" not in run.calls[0] and "--all" not in run.calls[0]


def test_benchmarks_are_timed_alone_and_are_no_test(run):
    run.test(["--all"])
    assert not any("--benchmark-only" in command for command in run.calls)
    run.bench([])
    assert "--benchmark-only" in run.calls[-1] and "-n 2" not in run.calls[-1]
    assert run.calls[-1].endswith("tests/benchmarks")
    run.bench(["tests/benchmarks/test_speed.py"])
    assert run.calls[-1].split()[-2:] == ["-s", "tests/benchmarks/test_speed.py"]


def test_options_of_pytest_pass_and_files_choose_their_half(run):
    for name in ("tests/test_tooling.py", "notebooks/11_hull_geometry.ipynb"):
        (run.ROOT / name).parent.mkdir()
        (run.ROOT / name).touch()
    run.codes[:] = [0, 5]
    assert run.test(["-k", "hull"]) == 0  # no lesson is called hull
    assert all(command.endswith("-k hull") for command in run.calls)
    run.codes[:] = [5, 5]
    assert run.test(["-k", "nothing_of_this_name"]) == 1
    run.calls.clear()
    run.test(["tests/test_tooling.py::test_x", "-x"])
    run.test(["notebooks/11_hull_geometry.ipynb"])
    assert ["--nbval" in command for command in run.calls] == [False, True]


def test_unknown_words_are_named(run, capsys):
    assert run.main(["lba"]) == 2
    said = capsys.readouterr().out
    assert "no command 'lba'" in said and "run.py lab" in said
    assert run.main(["--help"]) == 0 and run.main([]) == 0
    capsys.readouterr()
    with pytest.raises(SystemExit, match=r"no tests/nope\.py"):
        run.main(["test", "tests/nope.py"])
    assert run.calls == []


def test_every_command_has_help_that_installs_nothing(run, capsys):
    for command in run.COMMANDS:
        assert run.main([command, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"python3 run.py {command}")
    assert run.calls == [] and set(run.MODULES) < set(run.COMMANDS)


def test_an_option_that_a_command_lacks_is_refused_before_anything_is_installed(run):
    for command in run.MODULES:
        for word in ("--wrong", "-x", "--check-it=3"):
            sentence = f"^{command} has no option {word.split('=')[0]}; it has [-a-z, ]*[.]$"
            with pytest.raises(SystemExit, match=sentence):
                run.main([command, "folder", word])
    assert run.calls == [] and not run.VENV.exists()


def test_the_options_that_the_launcher_knows_are_those_of_the_commands(run):
    from kit.course import book, build, classroom
    from kit.course.grader import __main__ as grader

    mains = {"site": book, "class": classroom, "grade": grader}
    for command, (module, options) in run.MODULES.items():
        said = io.StringIO()
        with contextlib.redirect_stdout(said), pytest.raises(SystemExit):
            mains.get(command, build).main([*module.split()[1:], "--help"])
        assert set(re.findall(r"--\w+", said.getvalue())) == {"--help", *options.split()}
        assert run.main([command, *options.split()]) == 0
    assert run.main(["grade", "folder", "--sec=20", "--seed", "-3"]) == 0  # argparse takes these


def test_a_folder_that_cannot_be_written_to_gets_one_sentence(run, monkeypatch):
    def refused(*_args, **_options):
        raise PermissionError(13, "Permission denied", str(run.VENV))

    monkeypatch.setattr(run.Path, "mkdir", refused)
    with pytest.raises(SystemExit, match=r"Cannot write .*\.venv \(Permission denied\): move"):
        run.main(["lab"])


def test_a_reader_of_our_words_who_leaves_is_no_error():
    command = f"{sys.executable} -u run.py help | true"  # -u: the pipe breaks while we print
    made = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert made.stderr == ""


def test_lab_says_where_it_is_and_a_used_port_is_told(run, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for options in (["--port", str(port)], [f"--ServerApp.port={port}"]):
            with pytest.raises(SystemExit, match=f"Port {port} cannot be used"):
                run.server(options, "/lab", "JupyterLab")
        named = ["--port", "0"]  # any that is free: named twice, JupyterLab would not start
        assert run.server(named, "/lab", "JupyterLab") == 0
        assert run.calls[-1].count("port=") == 1 and "--port" not in run.calls[-1]
        run.PORT = port  # JupyterLab's own is taken: another one is found
        assert run.server(["--no-browser"], "/lab", "JupyterLab") == 0
    said = capsys.readouterr().out
    *_, chosen = re.finditer(r"http://localhost:(\d+)/lab\?token=\w+", said)
    assert "Ctrl-C" in said and int(chosen[1]) != port
    assert f"--ServerApp.port={chosen[1]}" in run.calls[-1]
    assert run.calls[-1].endswith("--no-browser")


def test_copies_of_lessons_follow_updates_until_the_reader_changes_them(run, capsys):
    book, row = "notebooks/a.ipynb", "notebooks/results/rows.jsonl"
    names = (book, "notebooks/b.ipynb", "exercises/c.ipynb", row)
    for name in names:
        (run.ROOT / name).parent.mkdir(exist_ok=True, parents=True)
        (run.ROOT / name).write_text("first")
    my = run.ROOT / "my"

    def again() -> str:
        run.copy_lessons()
        return capsys.readouterr().out

    said = again()
    assert all(name in said and (my / name).read_text() == "first" for name in names)
    assert again() == ""
    (my / book).write_text("the reader's notes")
    assert again() == ""  # the original has not changed
    for name in (book, "notebooks/b.ipynb"):
        (run.ROOT / name).write_text("second")
    kept, updated = sorted(again().splitlines())
    assert kept.startswith("Kept") and book in kept and "b.ipynb" not in kept
    assert updated.startswith("Updated") and "b.ipynb" in updated
    assert (my / book).read_text() == "the reader's notes"
    assert (my / "notebooks/b.ipynb").read_text() == "second"
    (my / book).unlink()
    assert book in again() and (my / book).read_text() == "second"
    (my / ".origin.json").unlink()  # nothing is known: whatever differs counts as the reader's
    (my / book).write_text("notes")
    assert "Kept" in again() and (my / book).read_text() == "notes"


# Floors -------------------------------------------------------------------------------------------


def floors(root: Path) -> subprocess.CompletedProcess:
    """Run import-linter on the package `kit` found in a folder."""
    code = f"import sys; sys.path.insert(0, {str(root)!r}); "
    code += "from importlinter.cli import lint_imports; "
    code += f"sys.exit(lint_imports({str(root / '.importlinter')!r}, no_cache=True))"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def test_files_import_only_from_lower_floors():
    result = floors(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("results.py", "import kit.prox"),
        ("branchhull/solve.py", "from kit import nettrim"),
        ("branchhull/interior/l2.py", "from kit.branchhull import solve"),
        ("nettrim/solve.py", "from kit.course import checks"),
        ("unheard_of.py", ""),
    ],
)
def test_a_step_up_is_refused(tmp_path, file, line):
    (tmp_path / ".importlinter").write_text((ROOT / ".importlinter").read_text())
    shutil.copytree(ROOT / "kit", tmp_path / "kit")
    assert floors(tmp_path).returncode == 0
    path = tmp_path / "kit" / file
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    assert floors(tmp_path).returncode == 1


def misplaced(kit: Path) -> list[str]:
    """Files of the kit that import ipywidgets (one may) or pyplot (none may)."""
    found = []
    for path in sorted(kit.rglob("*.py")):
        names = imports(path)
        widgets = any(name.split(".")[0] == "ipywidgets" for name in names)
        if widgets and path.relative_to(kit).as_posix() != "course/explorers.py":
            found.append(f"{path.name} imports ipywidgets")
        if any(re.fullmatch(r"matplotlib\.pyplot.*|pylab", name) for name in names):
            found.append(f"{path.name} imports pyplot")
    return found


def test_widgets_in_one_file_and_pyplot_in_none():
    assert misplaced(ROOT / "kit") == []


def test_a_stray_import_is_found(tmp_path):
    (tmp_path / "course").mkdir()
    for name in ("course/explorers.py", "prox.py"):
        (tmp_path / name).write_text("def f():\n    import ipywidgets.widgets\n")
    (tmp_path / "figures.py").write_text("from matplotlib import pyplot as plt\n")
    assert misplaced(tmp_path) == ["figures.py imports pyplot", "prox.py imports ipywidgets"]


# What is committed --------------------------------------------------------------------------------


def machine_paths(text: str) -> set[str]:
    """Paths and addresses in a text that make sense on one machine only."""
    homes = r"(?<![\w.])/(?:home|Users)/\w[\w.-]*/|(?<![\w.])/r[o]ot/|\b[A-Z]:\\+Users\\+\w+"
    registries = r"(?:index-url|find-links|trusted-host)[ =]+\S*[:/]\S+"
    here = [place for place in (str(ROOT), str(Path.home())) if len(place) > 5 and place in text]
    return {*here, *re.findall(f"{homes}|{registries}", text)}


def test_committed_files_hold_no_path_of_a_machine():
    found = {}
    for path in committed():
        if places := machine_paths(path.read_text(encoding="utf-8", errors="ignore")):
            found[path.relative_to(ROOT).as_posix()] = places
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "/".join(['File "', "home", "ada", 'kit/prox.py"']),
        "\\\\".join(["C:", "Users", "ada"]),
        "--index-" + "url https://packages.example.org/simple",
        f"see {ROOT / 'kit'}",
    ],
)
def test_a_path_of_a_machine_is_found(text):
    assert machine_paths(text)
    assert not machine_paths("notebooks/results/rows.jsonl --no-emit-index-" + "url --no-header")
