"""`python -m suite.cli.clock_guard MHZ BOARD...`: started by the runner to hold locked clocks."""

import sys

from suite.program import run_program
from suite.run.clock_guard import guard


def main() -> int:
    """Guard the clocks until the runner has ended."""
    wanted, *boards = sys.argv[1:]
    guard(wanted, boards)
    return 0


if __name__ == "__main__":
    raise SystemExit(run_program(main))
