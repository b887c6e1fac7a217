"""What a marking run writes: tables, a picture, and a page for each student."""

import csv
import json
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

import jinja2
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from kit.course.grader.folder import Handed, Mark

PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ student }}</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 16px/1.5 sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #ccc; padding: .4rem .6rem; text-align: left; }
td { vertical-align: top; overflow-wrap: anywhere; } td.number { white-space: nowrap; }
@media print { body { font-size: 11pt; margin: 0; max-width: none; }
  h2, tr { break-inside: avoid; break-after: avoid; } }
</style>
<h1>{{ student }}</h1>
{% for one in results %}
<h2>{% if one.marks %}{{ one.notebook }}: {{ "%g" % one.points }} of {{ "%g" % one.most }} points
{%- else %}{{ one.path.name }}{% endif %}</h2>
{% for note in one.notes %}<p>{{ note | coded }}</p>{% endfor %}
{% if one.marks %}<table><tr><th>part</th><th>points</th><th>what was found</th></tr>
{% for mark in one.marks %}<tr>
<td>{{ mark.part | coded }}<br><code>{{ mark.check }}({{ mark.function }})</code></td>
<td class="number">{{ "%g" % mark.points }} of {{ "%g" % mark.most }}</td>
<td>{{ mark.verdict | coded }}</td></tr>
{% endfor %}</table>{% endif %}{% endfor %}
</html>
"""
COLUMNS = "student exercise check function most points verdict for_you part property notes file"
Students = dict[str, list[Handed]]


def best(handed: Iterable[Handed]) -> Students:
    """By student; of several files of one exercise the best, and every one that has no marks."""
    kept: dict[str, dict[str, Handed]] = defaultdict(dict)
    for one in handed:
        mine, key = kept[one.student], one.notebook if one.marks else str(one.path)
        mine[key] = max(mine.get(key, one), one, key=lambda r: r.points)
    return {
        student: sorted(each.values(), key=lambda r: (not r.marks, r.notebook, r.path))
        for student, each in sorted(kept.items())
    }


def write(out: Path, students: Students, about: dict) -> None:
    """Write marks.csv, totals.csv, nbgrader.csv, canvas.csv, totals.png, feedback/, run.json."""
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    marked = [r for results in students.values() for r in results if r.marks]
    most = {r.notebook: r.most for r in sorted(marked, key=lambda r: r.notebook)}
    points = {s: {r.notebook: r.points for r in rs if r.marks} for s, rs in students.items()}
    each = {s: [points[s].get(name, "") for name in most] for s in students}
    tables = {
        "marks": [[*COLUMNS.split(), "seconds"]]
        + [
            [s, r.notebook, *astuple(mark), " ".join(r.notes), str(r.path), r.seconds]
            for s, results in students.items()
            for r in results
            for mark in r.marks or [Mark("", "", 0)]
        ],
        "totals": [["student", *most, "total"]]
        + [[s, *each[s], round(sum(points[s].values()), 2)] for s in students],
        "nbgrader": [["assignment", "student_id", "score", "max_score"]]
        + [[r.notebook, r.student, r.points, r.most] for r in marked],
        "canvas": [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *most]]
        + [["Points Possible", "", "", "", "", *most.values()]]
        + [[s, "", "", s, "", *each[s]] for s in students],
    }
    for name, rows in tables.items():
        with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([[_harmless(cell) for cell in row] for row in rows])
    if marked:
        totals_picture(marked).savefig(out / "totals.png", dpi=100)
    used: set[str] = set()
    for student, results in students.items():
        name = re.sub(r"[^\w.-]", "_", _writable(student))[:80].lstrip(".") or "student"
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        text = _writable(page(student, results))
        (out / "feedback" / f"{name}.html").write_text(text, encoding="utf-8")
    (out / "run.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _harmless(cell: object) -> object:
    """A text that can be written, and that no spreadsheet takes for a formula."""
    if isinstance(cell, str):
        return _writable(re.sub(r"^(?=[=+\-@\t\r])", "'", cell))
    return cell


def _writable(text: str) -> str:
    """Half characters, which UTF-8 has no bytes for, as question marks; no control characters."""
    text = text.encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "?", text)


def totals_picture(marked: list[Handed]) -> Figure:
    """For each exercise: how many students have how many points, and what fails most often."""
    names = sorted({r.notebook for r in marked})
    figure = Figure(figsize=(11, 2.6 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), 2, squeeze=False, width_ratios=(1, 2))
    for (left, right), name in zip(axes, names, strict=True):
        mine = [r for r in marked if r.notebook == name]
        left.hist([r.points for r in mine], 10, range=(0, mine[0].most), color="#0072B2", ec="w")
        left.set(title=f"{name}: {len(mine)} students", xlabel="points", ylabel="students")
        failed = Counter(f"{m.check}: {m.failed}" for r in mine for m in r.marks if m.failed)
        common = failed.most_common(5)[::-1]
        right.barh(range(len(common)), [n for _, n in common], color="#E69F00")
        labels = [textwrap.shorten(text, 70, placeholder="...") for text, _ in common]
        right.set_yticks(range(len(common)), [label.replace("$", r"\$") for label in labels])
        right.set(title="properties that fail first", xlabel="students")
    return figure


def page(student: str, results: list[Handed]) -> str:
    """The feedback of one student: nothing that is for the instructor, no hidden check."""
    page = jinja2.Environment(autoescape=True)
    page.filters["coded"] = _coded
    return page.from_string(PAGE).render(student=student, results=results)


def _coded(text: str) -> Markup:
    """Escaped, with `code` set as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))
