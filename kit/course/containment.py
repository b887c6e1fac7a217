"""How a worker is started so that it reaches little: three ways, and what each lets it read.

"namespaces"  started as root: own mounts (Python, the packages and kit/, read-only, and a small
              /tmp are all there is), own processes, no network, another user
"bubblewrap"  the same by `bwrap`, where it is installed, without being root
"limits"      time, memory, file size, and the process group; files and network are NOT contained
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAYS = ("namespaces", "bubblewrap", "limits")
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache")
MOUNTS = """\
set -e
stage=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=256m,mode=755 kit "$stage"
while [ "$1" != -- ]; do
    mkdir -p "$stage$(dirname "$1")"
    if [ -L "$1" ]; then ln -s "$(readlink "$1")" "$stage$1"
    elif [ -d "$1" ]; then mkdir -p "$stage$1"
    else touch "$stage$1"; fi
    if [ ! -L "$1" ]; then
        mount --bind "$1" "$stage$1"
        mount -o remount,ro,bind,nosuid,nodev "$stage$1"
    fi
    shift
done
shift
mkdir -p "$stage/proc" "$stage/dev" "$stage/tmp"
chmod 1777 "$stage/tmp"
mount -t proc proc "$stage/proc"
for device in null zero urandom random; do
    touch "$stage/dev/$device"
    mount --bind "/dev/$device" "$stage/dev/$device"
done
cd "$stage"
exec chroot "$stage" "$@"
"""


def reached() -> list[str]:
    """Files and folders a job may read: Python, the packages, kit/; parents before children."""
    own = [sys.base_prefix, sys.prefix, str(ROOT / "kit"), str(Path(sys.executable).parent)]
    own += [str(Path(sys.executable).resolve().parents[1])]
    wanted = [path for path in (*SYSTEM, *own) if os.path.lexists(path)]
    chosen: list[str] = []
    for path in sorted(dict.fromkeys(wanted), key=len):
        if not any(Path(path).is_relative_to(other) for other in chosen):
            chosen.append(path)
    return chosen


def command_for(way: str, stage: str, fd: int) -> list[str]:
    """The command that starts a worker with the control socket fd."""
    python = [sys.executable, "-m", "kit.course.worker", str(fd)]
    if way == "namespaces":
        spaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        script = ["sh", "-c", MOUNTS, "sh", stage, *reached(), "--"]
        return ["unshare", *spaces, *script, *python]
    if way == "bubblewrap":
        options = ["--unshare-all", "--die-with-parent", "--new-session"]
        options += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # the kit may be in it
        for path in reached():
            link = os.path.islink(path)
            pair = ["--symlink", os.readlink(path), path] if link else ["--ro-bind", path, path]
            options += pair
        options += ["--remount-ro", "/", "--chdir", "/tmp"]
        return ["bwrap", *options, *python]
    return python


def open_to_all(path: str) -> bool:
    """Whether any user may come this way."""
    try:
        return all(os.stat(part).st_mode & 0o001 for part in (path, *Path(path).parents))
    except OSError:
        return False
