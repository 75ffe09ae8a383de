"""A benchmark suite for ResNet50 v1.5 on TensorFlow, set beside NVIDIA's published tables.

Layers, each importing only those below it (tests/test_layers.py holds the rule):

    suite.cli       verbs and exit codes; the only place that prints and exits
    suite.formats   results -> terminal, Markdown, CSV and plots; pure
    suite.run       cells -> launches, one process each; the timing loop
    suite.kernels   an interface, and a module or folder per framework: the only importers of them
    suite.machine   devices, telemetry, environment fingerprint
    suite.store     YAML, JSON, CSV, TFRecords <-> types; the only place that parses or writes files
    suite.analysis  statistics, scaling, comparison, verdicts: no I/O, no clock, no TensorFlow
    suite.model     types alone: cells, matrices, records, machines, references

Beside them: suite.program (the streams and the end of every program) and suite.install.
"""

import sys
from importlib import import_module
from typing import Any

# pip refuses an older one, but the suite also runs without pip. Every program imports this module.
if sys.version_info < (3, 10):  # noqa: UP036
    sys.stderr.write(
        f"error: the suite needs Python 3.10, 3.11, 3.12 or 3.13, and {sys.executable} is"
        f" {sys.version.split()[0]}\n"
    )
    sys.exit(2)

__version__ = "0.1.0"

# What a notebook needs, imported when it is asked for: no program waits for pandas or pydantic.
_PUBLIC = {
    "read_run": "suite.store.runs",
    "read_system": "suite.store.references",
    "assemble": "suite.analysis.assemble",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
