# PYTHON_ARGCOMPLETE_OK
"""`python -m suite`, and the command `resnet50-bench`: what `python bench.py` is in a checkout."""

import sys
import traceback
from typing import NoReturn

from suite.interrupts import leave_on_signals, run_to_the_end


def main() -> NoReturn:
    """Run the command line to its end, and exit with its code."""
    try:
        leave_on_signals()
        from suite.cli import main as command_line
    except Exception:  # noqa: BLE001 - a damaged checkout, which Python would make exit code 1
        traceback.print_exc()
        sys.exit(70)
    run_to_the_end(command_line)


if __name__ == "__main__":
    main()
