"""The command line: `keras-ser <command> …`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "arguments",
        "commands",
        "demo",
        "errors",
        "graph_errors",
        "main",
        "printing",
        "streams",
    ],
    submod_attrs={"main": ["entry", "run_options"]},
)
