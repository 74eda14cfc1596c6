"""TensorFlow, imported when it is first used.

A training whose stream is planned (see `data.plan`) does not need it.
"""

import lazy_loader

tf = lazy_loader.load("tensorflow")
