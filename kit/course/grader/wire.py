"""Values between a grader and a function it does not trust, over a socket.

To the function go pickles, which the grader made. Back come plain values (kit/course/values.py) as
JSON, with the bytes of an array in base64: a form that can hold nothing else.
"""

import base64
import json
import socket
import time

import numpy as np

from kit.course.values import DEEPEST, NUMBERS, Opaque

LARGEST = 32 << 20  # bytes of one message from the sandbox


class Broken(Exception):
    """The other side is gone, late, or does not speak this language."""


class Late(Broken):
    """The other side took too long."""


def pack(value: object) -> list:
    """A plain value as lists that JSON can hold."""
    if isinstance(value, Opaque):
        return ["o", value.kind]
    if isinstance(value, np.ndarray | np.generic):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        kind = "a" if isinstance(value, np.ndarray) else "s"
        return [kind, value.dtype.str, list(np.shape(value)), data]
    if isinstance(value, complex):
        return ["c", value.real, value.imag]
    if isinstance(value, tuple | list):
        return ["t" if isinstance(value, tuple) else "l", [pack(part) for part in value]]
    if isinstance(value, dict):
        return ["d", [[key, pack(part)] for key, part in value.items()]]
    return ["v", value]


def unpack(tree: object, depth: int = 0) -> object:
    """The value of what pack made; Broken for anything that pack cannot have made."""
    try:
        kind, *rest = tree
        if depth > DEEPEST + 1:
            raise Broken
        if kind == "v" and (rest[0] is None or isinstance(rest[0], bool | str | int | float)):
            return rest[0]
        if kind == "c":
            return complex(float(rest[0]), float(rest[1]))
        if kind in ("a", "s"):
            code, shape, data = rest
            dtype = np.dtype(str(code))
            if dtype.kind not in NUMBERS or dtype.itemsize > 32:
                raise Broken
            flat = np.frombuffer(base64.b64decode(data, validate=True), dtype)
            array = flat.reshape([int(n) for n in shape]).copy()
            return array if kind == "a" else array[()]
        if kind in ("t", "l"):
            parts = [unpack(part, depth + 1) for part in rest[0]]
            return tuple(parts) if kind == "t" else parts
        if kind == "d":
            return {str(key): unpack(part, depth + 1) for key, part in rest[0]}
        if kind == "o":
            return Opaque(str(rest[0])[:40])
    except Exception:
        raise Broken("not a value") from None
    raise Broken("not a value")


def send(sock: socket.socket, message: object) -> None:
    """Send bytes, or anything else as JSON: the length in 8 bytes, then the message."""
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    try:
        sock.settimeout(None)
        sock.sendall(len(data).to_bytes(8, "big") + data)
    except OSError:
        raise Broken from None


def receive(sock: socket.socket, deadline: float | None = None, largest: int = LARGEST) -> bytes:
    """One message; Late after the deadline (of time.monotonic), Broken if it never will come."""
    length = int.from_bytes(_exactly(sock, 8, deadline), "big")
    if length > largest:
        raise Broken(f"an answer of {length >> 20} MB, and at most {largest >> 20} MB are read")
    return _exactly(sock, length, deadline)


def heard(sock: socket.socket, deadline: float) -> dict:
    """A message that is a dictionary of JSON; Broken or Late if it is none."""
    try:
        found = json.loads(receive(sock, deadline))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Broken("something that is no value")
    return found


def _exactly(sock: socket.socket, n: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < n:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise Late
        try:
            sock.settimeout(left)
            part = sock.recv(min(n - len(parts), 1 << 20))
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Broken from None
        if not part:
            raise Broken
        parts += part
    return bytes(parts)
