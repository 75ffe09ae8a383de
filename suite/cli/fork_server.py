"""`python -m suite.cli.fork_server FD KERNEL`: started by the runner; its children are workers."""

import socket
import sys

from suite.cli import kernel
from suite.model.cell import KernelName
from suite.program import run_program
from suite.run.fork_server import serve


def main() -> int:
    """Serve until the parent is gone; in each child, run the worker as `suite.kernels` does."""
    descriptor, name = sys.argv[1:]
    order = serve(socket.socket(fileno=int(descriptor)), KernelName(name))
    return kernel.carry_out(order) if order is not None else 0


if __name__ == "__main__":
    raise SystemExit(run_program(main))
