"""A benchmark suite for ResNet50 v1.5 on TensorFlow, set beside NVIDIA's published tables.

Layers, each importing only those below it (tests/test_layers.py holds the rule):

    suite.cli       verbs and exit codes; the only place that prints and exits
    suite.render    results -> text; pure
    suite.runner    cells -> launches, one process each
    suite.measure   timing loop, device detection, telemetry, environment fingerprint
    suite.kernels   cell -> step callable; the only place TensorFlow, Horovod and DALI are imported
    suite.files     YAML, JSON, CSV <-> core types; the only place that parses or writes them
    suite.core      data, statistics, comparison: no I/O, no clock, no TensorFlow

Beside them: suite.program (the streams and the end of every program) and suite.install.
"""

import sys

# pip would refuse an older one, but nobody has to ask it. Here, as every program comes by.
if sys.version_info < (3, 10):  # noqa: UP036
    sys.stderr.write(
        f"error: the suite needs Python 3.10, 3.11 or 3.12, and {sys.executable} is"
        f" {sys.version.split()[0]}\n"
    )
    sys.exit(2)

__version__ = "0.1.0"
