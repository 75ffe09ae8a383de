"""The TensorFlow and Horovod of this interpreter, as a separate process finds them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from suite.install.child import telling_line

_SECONDS = 300.0  # importing TensorFlow from a cold disk can take a minute


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
            [sys.executable, "-m", "suite.kernels.tensorflow.horovod_probe"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return State(None, f"its import took more than {_SECONDS:g} s")
    if done.returncode:
        return State(None, telling_line(done.stderr))
    return State(**json.loads(done.stdout.splitlines()[-1]))


def _minor(version: str) -> list[str]:
    """Major and minor version: within these, TensorFlow keeps its binary interface."""
    return version.split(".")[:2]
