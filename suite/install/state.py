"""The TensorFlow and Horovod of this interpreter: what can be imported, and whether ranks work."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from suite.install.child import explaining_line, run_logged
from suite.model.errors import InputError

RANKS = 2
# The program that looks and tries.
_TRIAL = "suite.kernels.tensorflow.horovod_trial"
_PROBE_SECONDS = 300.0  # importing TensorFlow from a cold disk can take a minute
_ADD_SECONDS = 240


@dataclass(frozen=True, slots=True)
class State:
    """What can be imported; an `..._error` is empty if the component is simply not installed."""

    tensorflow: str | None
    """Its version."""
    tensorflow_error: str = ""
    cuda: bool = False
    """Whether this TensorFlow is built for NVIDIA GPUs."""
    horovod: str | None = None
    """Its version."""
    horovod_error: str = ""
    built_for: str | None = None
    """The version of TensorFlow that Horovod was built for, if it says."""
    mpi: bool = False
    gloo: bool = False
    nccl: bool = False

    def lack(self, *, nccl: bool) -> str:
        """Why the installed Horovod cannot be used as it is; empty if it can."""
        if self.horovod is None:
            return self.horovod_error or "it is not installed"
        if self.built_for and _minor(self.built_for) != _minor(self.tensorflow or ""):
            return f"it was built for TensorFlow {self.built_for}, not {self.tensorflow}"
        if not self.mpi:
            return "it was built without MPI"
        if nccl and not self.nccl:
            return "it was built without NCCL, although this machine has what NCCL needs"
        return ""


def look(environment: Mapping[str, str]) -> State:
    """Import TensorFlow and Horovod in a separate process and report their state.

    Any failure there, including a crash in a library, is reported as TensorFlow's error.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", _TRIAL, "probe"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return State(None, f"its import took more than {_PROBE_SECONDS:g} s")
    if done.returncode:
        return State(None, explaining_line(done.stderr))
    return State(**json.loads(done.stdout.splitlines()[-1]))


def _minor(version: str) -> list[str]:
    """Major and minor version: within these, TensorFlow keeps its binary interface."""
    return version.split(".")[:2]


def try_ranks(log: Path, environment: Mapping[str, str]) -> None:
    """Let two ranks on this host add numbers over MPI, on the CPU: an import alone proves little.

    Raises:
        InputError: the run fails; the message has the line that explains it.
    """
    output = run_logged(
        [
            *("mpirun", "-np", str(RANKS), "--host", f"localhost:{RANKS}", "--bind-to", "none"),
            *("--timeout", str(_ADD_SECONDS)),
            # Open MPI refuses to start as root without this, and containers often run as root.
            *(["--allow-run-as-root"] if os.geteuid() == 0 else []),
            *(sys.executable, "-m", _TRIAL, "add"),
        ],
        log,
        what=f"an all-reduce of {RANKS} ranks under mpirun",
        timeout_seconds=_ADD_SECONDS + 30,
        environment={
            **environment,
            # Two ranks cannot share a GPU under NCCL, and there may be only one.
            "CUDA_VISIBLE_DEVICES": "-1",
            # A rank that busy-waits may hold up the one that it waits for.
            "OMPI_MCA_mpi_yield_when_idle": "1",
        },
    )
    if f"all-reduce is correct on {RANKS} ranks" not in output:
        raise InputError(
            f"{RANKS} ranks ended without a result: {explaining_line(output)}; see {log}"
        )
