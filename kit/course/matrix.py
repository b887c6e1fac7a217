"""The table exercise x wrong answer x hint of INSTRUCTORS.md, made from solutions/.

python -m kit.course.matrix     writes it between the two marks; a test says when it is stale
"""

import re
from pathlib import Path

from kit.course.notebooks import ROOT, read, tags

BEGIN, END = "<!-- matrix: made by python -m kit.course.matrix -->", "<!-- end of matrix -->"


def rows(path: Path) -> list[tuple[str, str, str]]:
    """(check, mistake, hint) of each wrong answer; the check from the cell's last line."""
    found = []
    for cell in read(path).cells:
        if "wrong" in tags(cell):
            mistake = re.search(r"Mistake: (.+)", cell.source)
            hint = re.search(r"Hint: (.+)", cell.source)
            check = re.findall(r"^(check\w*)\(", cell.source, re.MULTILINE)
            if not (mistake and hint and check):
                raise ValueError(f"{path.name}: a wrong answer names no mistake, or no hint")
            found.append((check[-1], mistake[1].strip(), hint[1].strip()))
    return found


def table(root: Path = ROOT) -> str:
    """All exercises, one table each."""
    parts = []
    for path in sorted((root / "solutions").glob("*.py")):
        parts += [f"### {path.stem}\n", "| check | wrong answer | its hint says |\n|---|---|---|"]
        for row in rows(path):
            parts.append("| " + " | ".join(text.replace("|", "\\|") for text in row) + " |")
        parts.append("")
    return "\n".join(parts)


def renewed(root: Path = ROOT) -> str:
    """The guide's text with a fresh table between the marks."""
    before, _, rest = (root / "INSTRUCTORS.md").read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("INSTRUCTORS.md lacks the two marks of the matrix")
    return f"{before}{BEGIN}\n\n{table(root)}{END}{after}"


if __name__ == "__main__":
    (ROOT / "INSTRUCTORS.md").write_text(renewed(), encoding="utf-8")
