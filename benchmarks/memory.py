"""Memory of training on 500 and on 5,000 utterances.

Each training runs in its own process with the same number of steps. It reports the
largest anonymous resident memory after its first epoch (RssAnon in /proc, on Linux
only). Target: the two differ by less than 10 %.

Command: python benchmarks/memory.py [--steps 40] [--keep]
Cost: five minutes, and 0.4 GB in a temporary folder.
"""

import os
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import tables

COUNTS = (500, 5000)
SECONDS = 1.0  # of an utterance; the memory per utterance does not depend on its length
EPOCHS = 4


def main() -> None:
    parser = tables.make_parser(__doc__, rounds=1)
    parser.add_argument("--steps", type=int, default=40, help="updates per epoch")
    parser.add_argument(
        "--train", type=int, help="utterances (used by the child processes)"
    )
    parser.add_argument("--cache", help="folder (used by the child processes)")
    options = parser.parse_args()
    if options.train:
        print(measure_training(options.cache, options.train, options.steps))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = {count: run_training(folder, count, options) for count in COUNTS}
    small, large = (found[count] for count in COUNTS)
    rows = [(f"{count:,}", f"{found[count] / 1024:.0f}") for count in COUNTS]
    table = tables.format_table(["utterances", "RssAnon, MiB"], rows)
    table = f"{table}\n\nDifference {100 * (large / small - 1):+.1f} %."
    tables.show("memory", table, options, ["keras", "tensorflow"])


def run_training(folder, count, options) -> int:
    """Measure one training in a process of its own; returns KiB."""
    command = [sys.executable, __file__, "--train", str(count), "--cache", folder]
    command += ["--steps", str(options.steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1])


def measure_training(folder, count: int, steps: int) -> int:
    """Train here; returns the largest RssAnon after the first epoch in KiB."""
    import corpus
    import keras

    from keras_ser import backend
    from keras_ser.data import Pipeline
    from keras_ser.models import MTLAug

    backend.set_threads(1)
    fold = corpus.make_fold(count, SECONDS)
    store = corpus.make_store(folder, fold.sides().values())
    data = Pipeline(fold, store, augment=corpus.AUGMENT, progress=False)
    model = MTLAug(fold.classes, data.types, preset="small")
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    seen = []
    model.fit(
        data.train(0, 10**6),
        steps_per_epoch=steps,
        epochs=EPOCHS,
        validation_data=data.dev(),
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: seen.append(anonymous_memory())
            )
        ],
        verbose=0,
    )
    return max(seen[1:])


def anonymous_memory() -> int:
    """Anonymous resident memory of this process in KiB."""
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("RssAnon"))
    return int(line.split()[1])


if __name__ == "__main__":
    main()
