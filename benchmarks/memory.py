"""Memory of a training over 500 and over 5,000 utterances.

Each training is a process of its own, of equally many steps, and reports the largest
anonymous resident memory (RssAnon of /proc, so Linux) that it saw after its first
epoch. Target: the two differ by less than a tenth.

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
SECONDS = 1.0  # of an utterance: what is kept of one does not depend on its length
EPOCHS = 4


def main() -> None:
    parser = tables.parser(__doc__, rounds=1)
    parser.add_argument("--steps", type=int, default=40, help="updates an epoch")
    parser.add_argument("--train", type=int, help="for the process of one training")
    parser.add_argument("--cache", help="of the process of one training")
    options = parser.parse_args()
    if options.train:
        print(train(options.cache, options.train, options.steps))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = {count: _process(folder, count, options) for count in COUNTS}
    small, large = (found[count] for count in COUNTS)
    rows = [(f"{count:,}", f"{found[count] / 1024:.0f}") for count in COUNTS]
    table = tables.markdown(["utterances", "RssAnon, MiB"], rows)
    table = f"{table}\n\nDifference {100 * (large / small - 1):+.1f} %."
    tables.show("memory", table, options, ["keras", "tensorflow"])


def _process(folder, count, options) -> int:
    command = [sys.executable, __file__, "--train", str(count), "--cache", folder]
    command += ["--steps", str(options.steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1])


def train(folder, count: int, steps: int) -> int:
    """Largest RssAnon, KiB, of a training after its first epoch."""
    import corpus
    import keras

    from keras_ser import backend
    from keras_ser.data import Pipeline
    from keras_ser.models import MTLAug

    backend.set_threads(1)
    fold = corpus.fold(count, SECONDS)
    store = corpus.store(folder, fold.sides().values())
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
    """KiB that belong to this process alone."""
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("RssAnon"))
    return int(line.split()[1])


if __name__ == "__main__":
    main()
