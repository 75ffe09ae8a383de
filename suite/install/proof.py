"""A real all-reduce between two processes: an import alone does not prove that it works."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from suite.install.child import run_logged, telling_line
from suite.model.errors import InputError

RANKS = 2
_SECONDS = 240


def prove(log: Path, environment: Mapping[str, str]) -> None:
    """Let two ranks on this host add numbers over MPI, on the CPU.

    Raises:
        InputError: the run fails; the message has its last telling line.
    """
    output = run_logged(
        [
            *("mpirun", "-np", str(RANKS), "--host", f"localhost:{RANKS}", "--bind-to", "none"),
            *("--timeout", str(_SECONDS)),
            # Open MPI refuses to start as root without this, and containers often run as root.
            *(["--allow-run-as-root"] if os.geteuid() == 0 else []),
            *(sys.executable, "-m", "suite.kernels.tensorflow.horovod_proof"),
        ],
        log,
        what=f"an all-reduce of {RANKS} ranks under mpirun",
        timeout_seconds=_SECONDS + 30,
        environment={
            **environment,
            # Two ranks cannot share a GPU under NCCL, and there may be only one.
            "CUDA_VISIBLE_DEVICES": "-1",
            # A rank that busy-waits may hold up the one that it waits for.
            "OMPI_MCA_mpi_yield_when_idle": "1",
        },
    )
    if f"all-reduce is correct on {RANKS} ranks" not in output:
        raise InputError(f"{RANKS} ranks ended without a result: {telling_line(output)}; see {log}")
