"""A benchmark suite for ResNet50 v1.5 on TensorFlow, set beside NVIDIA's published tables.

Layers, each importing only those below it (tests/test_layers.py holds the rule):

    suite.cli       verbs and exit codes; the only place that prints and exits
    suite.render    results -> text; pure
    suite.runner    cells -> launches, one process each
    suite.measure   timing loop, device detection, telemetry, environment fingerprint
    suite.kernels   cell -> step callable; the only place TensorFlow, Horovod and DALI are imported
    suite.files     YAML, JSON, CSV <-> core types; the only place that parses or writes them
    suite.core      data, statistics, comparison: no I/O, no clock, no TensorFlow
"""

__version__ = "0.1.0"
