"""Horovod for the TensorFlow that is installed here.

Horovod is not published for a current TensorFlow, and a build of it works only with one TensorFlow,
one Python and one MPI. So this builds it from its published source, keeps the build for the next
environment of the same kind, installs it, and tests it with two ranks. A working Horovod that is
already installed, as in NVIDIA's TensorFlow image, is left alone.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from suite.install.cache import (
    build_and_keep,
    default_cache,
    install_requirements,
    install_wheel,
    kept_wheel,
    open_log,
    try_wheel,
)
from suite.install.state import RANKS, State, look, try_ranks
from suite.install.tools import (
    VERSION,
    Build,
    compiler_major,
    find_cuda,
    missing_tools,
    open_mpi_version,
)
from suite.model.errors import ExitCode, InputError
from suite.model.text import command, shown
from suite.store.flags import Parser, path


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m suite.install.horovod",
        description=f"Build Horovod {VERSION} for the installed TensorFlow, install it and try it.",
    )
    parser.add_argument(
        "--cache",
        type=path,
        metavar="DIR",
        help="where builds are kept (default: resnet50-bench in XDG_CACHE_HOME or ~/.cache)",
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="build even if a working Horovod is installed"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="report what is installed or missing, and change nothing",
    )
    return parser


def install(arguments: Sequence[str] | None = None) -> int:
    """Do what the flags ask for; returns the exit code.

    Raises:
        InputError: something is missing, fails, or is not as asked for.
    """
    given = _parser().parse_args(arguments)
    # --check writes nothing.
    cache = None if given.check else given.cache or default_cache(os.environ)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    state = look(environment)
    # A TensorFlow without CUDA has no gradients on a GPU.
    cuda = find_cuda(environment) if state.cuda else None
    lack = state.lack(nccl=cuda is not None)
    if not lack and (given.check or not given.rebuild):
        print(f"Horovod is installed: {_words(state)}", flush=True)
        if cache:
            _try(open_log(cache), environment)
        return int(ExitCode.GOOD)
    _require_tools(state)
    if not cache:
        raise InputError(
            f"Horovod has to be built: {lack}; all build tools are installed, so run:"
            " python -m suite.install.horovod"
        )
    print(f"Horovod has to be built: {lack or 'asked for'}", flush=True)
    if state.cuda and not cuda:
        print(
            "caution: this TensorFlow uses GPUs, but the CUDA toolkit (nvcc) or NCCL's headers are"
            " missing, so ranks will exchange gradients through the CPU",
            flush=True,
        )
    build = Build(
        tensorflow=state.tensorflow or "",
        open_mpi=open_mpi_version() or "",
        compiler=compiler_major(),
        nccl=cuda is not None,
    )
    log = open_log(cache)
    install_requirements(log, environment)
    wheel = None if given.rebuild else kept_wheel(cache, build)
    if wheel:
        reason = try_wheel(wheel, cuda, log, environment).lack(nccl=build.nccl)
        misfit = f" does not fit: {reason}" if reason else ""
        print(f"kept build: {shown(str(wheel))}{misfit}", flush=True)
        wheel = None if reason else wheel
    if not wheel:
        print(f"building {build.key}; takes minutes, log in {shown(str(log))}", flush=True)
        wheel = build_and_keep(cache, build, cuda, log, environment)
    install_wheel(wheel, log, environment)
    state = look(environment)
    if reason := state.lack(nccl=build.nccl):
        raise InputError(f"Horovod was installed but does not work: {reason}; see {log}")
    print(f"installed: {_words(state)}", flush=True)
    _try(log, environment)
    return int(ExitCode.GOOD)


def _require_tools(state: State) -> None:
    """Require TensorFlow and every build tool; the error names all that are missing at once.

    Raises:
        InputError: something is missing.
    """
    tools = missing_tools()
    missing = [str(tool) for tool in tools]
    remedies = []
    if tools:
        packages = " ".join(tool.package for tool in tools)
        remedies.append(f"apt-get install -y --no-install-recommends {packages}")
    elif open_mpi_version() is None:
        missing.append("Open MPI (the mpirun on the PATH is another MPI's)")
        remedies.append("apt-get install -y --no-install-recommends openmpi-bin libopenmpi-dev")
    if find_spec("pip") is None:
        missing.append("pip")
        remedies.append(command([sys.executable, "-m", "ensurepip"]))
    if state.tensorflow is None:
        missing.append(f"TensorFlow ({state.tensorflow_error})")
        remedies.append("pip install -e '.[cpu]' (or '.[gpu]' for NVIDIA GPUs)")
    if missing:
        raise InputError(f"missing: {', '.join(missing)}; run: {'; then '.join(remedies)}")


def _try(log: Path, environment: Mapping[str, str]) -> None:
    try_ranks(log, environment)
    print(f"tested: an all-reduce of {RANKS} ranks under mpirun is correct", flush=True)


def _words(state: State) -> str:
    parts = {"MPI": state.mpi, "Gloo": state.gloo, "NCCL": state.nccl}
    built = ", ".join(name for name, there in parts.items() if there)
    return f"Horovod {state.horovod} for TensorFlow {state.tensorflow}, with {built}"
