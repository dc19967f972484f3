"""How many connections a web process holds, and how long one may say nothing.

Who opens connections and sends nothing on them must not keep others out (docs/operations.md, "Connections").
"""

from __future__ import annotations

import sys

# Bytes of a request line and headers together; `wire/http/request.py` takes less, and refuses in the face's own shape.
HEAD_BYTES = 128 * 1024
# Connections of a web process. One that waits costs some 10 KB.
MOST_CONNECTIONS = 16_384
# Connections that the system keeps until the process takes them; its own limit (`somaxconn`) may be lower.
BACKLOG = 4_096
# Files that a process has open besides: the database's connections, templates, the queue.
OTHER_FILES = 256


def raise_file_limit() -> int:
    """Let this process and its children open as many files as they may, up to what they need; how many that is."""
    wanted = MOST_CONNECTIONS + OTHER_FILES
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return raised


def connections_of(files: int) -> int:
    """How many connections fit into so many open files."""
    return max(128, min(MOST_CONNECTIONS, files - OTHER_FILES))
