"""python -m tests.hostile --count 10000 --seed 1: every answer judged, a table at the end."""

import argparse
import json
from collections import Counter, defaultdict

from tqdm.auto import tqdm

from .trial import KINDS, families, trial

parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
parser.add_argument("--count", type=int, default=10_000, help="instances over all families")
parser.add_argument("--seed", type=int, default=1, help="first seed; nothing was tuned on it")
parser.add_argument("--only", default="", help="families whose program and name contain this")
parser.add_argument("--peers", type=int, default=0, help="ask Clarabel and SCS about every n-th")
parser.add_argument("--log", help="a file that gets a line of JSON for every finding")
options = parser.parse_args()

names = [name for name in families() if options.only in " ".join(name)]
table, seen, log = defaultdict(Counter), Counter(), []
for i in tqdm(range(options.count)):
    program, family = names[i % len(names)]
    seed = options.seed * 10**6 + i // len(names)
    row = trial(program, family, seed, peers=bool(options.peers) and i % options.peers == 0)
    table[program, family].update(
        ["instances", row["status"], *{kind for kind, *_ in row["found"]}]
    )
    if row["unfinished"]:
        table[program, family]["unfinished"] += 1
    if row["found"] or row["unfinished"]:
        seen.update({(kind, words) for kind, _, words in row["found"]})
        if options.log:
            with open(options.log, "a") as file:
                file.write(json.dumps(row) + "\n")

columns = ["instances", *KINDS, "unfinished"]
print(f"{'':30}" + "".join(f"{name:>17}" for name in columns) + "      %")
for program in ("branchhull", "nettrim"):
    total = Counter()
    for (of, family), counts in table.items():
        if of == program:
            total.update(counts)
    for family, counts in [
        *((f, c) for (p, f), c in table.items() if p == program),
        ("ALL", total),
    ]:
        if counts["instances"]:
            share = 100 * counts["unfinished"] / counts["instances"]
            cells = "".join(f"{counts[name] or '':>17}" for name in columns)
            print(f"{program + ' ' + family:30}{cells} {share:6.2f}")
for (kind, words), n in seen.most_common():
    print(f"{n:6} {kind}: {words}")
