"""Judge many answers, and print what is wrong or unfinished by program and family."""

import argparse
import json
from collections import Counter, defaultdict

from tqdm.auto import tqdm

from .trial import KINDS, PROGRAMS, families, trial

COLUMNS = ("instances", *KINDS, "unfinished")


def table(counts):
    """Lines of text: a row for every family, and one for each program."""
    yield f"{'':26}" + "".join(f"{name.split()[-1]:>11}" for name in COLUMNS) + "       %"
    for program in PROGRAMS:
        rows = {family: row for (of, family), row in counts.items() if of == program}
        for family, row in [*rows.items(), ("ALL", sum(rows.values(), Counter()))]:
            if row["instances"]:
                cells = "".join(f"{row[name] or '':>11}" for name in COLUMNS)
                share = 100 * row["unfinished"] / row["instances"]
                yield f"{program + ' ' + family:26}{cells}{share:8.2f}"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="instances over all families")
    parser.add_argument("--seed", type=int, default=1, help="names the run")
    parser.add_argument("--only", default="", help='part of "program family"')
    parser.add_argument("--peers", type=int, default=0, help="ask cvxpy of every n-th unfinished")
    parser.add_argument("--log", help="a file that gets a line of JSON for all that was found")
    options = parser.parse_args()

    names = [name for name in families() if options.only in " ".join(name)]
    counts, words, peers, waiting = defaultdict(Counter), Counter(), Counter(), 0
    for i in tqdm(range(options.count)):
        name, seed = names[i % len(names)], options.seed * 10**6 + i // len(names)
        row = trial(*name, seed, peers=None if options.peers and not waiting else False)
        kinds = {kind for kind, *_ in row["found"]}
        counts[name].update(["instances", *kinds, *["unfinished"] * row["unfinished"]])
        words.update({(kind, text) for kind, _, text in row["found"]})
        if row["unfinished"] and options.peers:
            waiting = (waiting + 1) % options.peers
        for solver, gap in row["peers"].items():
            peers[solver, "1e-6 reached" if isinstance(gap, float) and gap <= 1e-6 else "not"] += 1
        if options.log and (row["found"] or row["unfinished"]):
            with open(options.log, "a") as file:
                file.write(json.dumps(row) + "\n")
    print(*table(counts), sep="\n")
    print(*(f"{n:7} {kind}: {text}" for (kind, text), n in words.most_common()), sep="\n")
    print(*(f"{n:7} unfinished asked of {who}: {how}" for (who, how), n in peers.items()), sep="\n")


if __name__ == "__main__":
    main()
