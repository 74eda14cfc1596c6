"""Reads JSON lines from a process, as long as there is time."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import gpu_machine

TERMINATION_SECONDS = 5


def lines_of(
    script: str, argument: dict, environment: dict, log, deadline: float
) -> Iterator[dict]:
    """Runs a script of this folder and yields what it prints.

    Args:
        script: The name of the script.
        argument: Its argument, as JSON.
        environment: Its environment variables.
        log: File for what it prints to stderr.
        deadline: The time of `time.monotonic` at which it is stopped.

    Yields:
        JSON objects, as they come. The last one is `{"end": …}`: an empty text if all
        went well, or what went wrong.
    """
    process = subprocess.Popen(
        [sys.executable, gpu_machine.HERE / script, json.dumps(argument)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    end = ""
    try:
        while True:
            line = lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if line is None:
                status = process.wait()
                end = f"its process ended with status {status}" if status else ""
                break
            yield json.loads(line)
    except queue.Empty:
        end = "the time was up"
    finally:
        _stop(process)
    yield {"end": end}


def _read(process, lines: queue.Queue) -> None:
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _stop(process) -> None:
    process.terminate()
    try:
        process.wait(TERMINATION_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
