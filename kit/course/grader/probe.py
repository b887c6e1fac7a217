"""What a submission can do here, found by trying it in a sandbox before anything is marked."""

import json
import socket
import sys
from pathlib import Path

from kit.course.grader.sandbox import ROOT, Limits, Sandbox

PROBE = """\
def probe(hidden, writable, port):
    import os, socket
    found = {"user": os.getuid(), "processes": 0}
    for name, path in hidden.items():
        found["reads " + name] = int(os.access(path, os.R_OK))
    for name, path in writable.items():
        found["writes " + name] = int(os.access(path, os.W_OK))
    found["processes"] = sum(name.isdigit() for name in os.listdir("/proc"))
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        found["network"] = 1
    except OSError:
        found["network"] = 0
    return found
"""


def measure(contained: bool = True) -> dict:
    """What a submission can do here, found by trying; raises wire.Broken where nothing starts."""
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": PROBE}]})
    hidden = {"solutions": str(ROOT / "solutions"), "history": str(ROOT / ".git")}
    writable = {"the kit": str(ROOT / "kit"), "home": str(Path.home()), "packages": sys.prefix}
    with (
        Sandbox(Limits(), contained) as box,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        box.read(notebook.encode())
        box.plan({"given": [], "kit": {}, "checks": {"check": "probe"}})
        with box.job("check", 0) as probe:
            return probe(hidden, writable, server.getsockname()[1])
