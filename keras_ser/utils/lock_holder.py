"""Who holds a lock: what its file says, and whether that process still runs."""

import dataclasses
import json
import os
import socket
from pathlib import Path

BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE_FILE = Path("/proc/self/ns/pid")


@dataclasses.dataclass(frozen=True)
class Holder:
    """A process that holds a lock.

    Args:
        process: Its number.
        host: The name of its machine.
        boot: What differs after each start of the machine, and in each container,
            which numbers its processes by itself. Empty if the system does not say.
        start: When the process started, in ticks of the system; 0 if it does not say.
    """

    process: int
    host: str
    boot: str = ""
    start: int = 0

    def __str__(self):
        return f"process {self.process} on {self.host}"

    def encode(self) -> bytes:
        """Returns the content of the lock file."""
        return f"{self}\n{json.dumps(dataclasses.asdict(self))}\n".encode()

    def is_gone(self) -> bool:
        """Returns whether the process has ended for certain.

        Of a process on another machine, or in another container, nothing is known.
        """
        if self.host != socket.gethostname():
            return False
        if self.boot == _boot():
            return not _runs(self.process, self.start)
        return _restarted(self.boot, _boot())


def this_process() -> Holder:
    """Returns this process as a holder."""
    number = os.getpid()
    return Holder(number, socket.gethostname(), _boot(), _start(number))


def decode(content: bytes) -> Holder | None:
    """Returns the holder that a lock file names; None if it names none."""
    try:
        return Holder(**json.loads(content.decode().splitlines()[1]))
    except (ValueError, TypeError, IndexError):
        return None  # empty, or of an earlier version


def _boot() -> str:
    """The number of the machine's start, and the space of process numbers."""
    try:
        boot, space = BOOT_FILE.read_text().strip(), os.readlink(NAMESPACE_FILE)
    except OSError:  # no Linux
        return ""
    return f"{boot} {space}"


def _restarted(before: str, now: str) -> bool:
    """Returns whether the machine was started again, so that no process is left."""
    return bool(before and now) and before.split()[0] != now.split()[0]


def _runs(process: int, start: int) -> bool:
    """Returns whether a process of this machine runs, and not another of its number."""
    if os.name == "nt":  # there, the signal 0 ends a process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        pass
    return not start or _start(process) == start


def _start(process: int) -> int:
    """When a process started, in ticks since the start of the machine; 0 if unknown."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[19])
