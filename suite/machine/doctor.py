"""What on this machine makes numbers noisy or wrong. Reads alone: no process is started."""

from collections.abc import Iterable
from pathlib import Path

from suite.machine.gpu_checks import diagnose_gpus
from suite.machine.host_checks import diagnose_host
from suite.machine.host_meter import usable_cpus
from suite.model.device import Machine
from suite.model.finding import Diagnosis, merged


def examine(
    machine: Machine, root: Path = Path("/"), allowed: Iterable[int] | None = None
) -> Diagnosis:
    """Check the GPUs of a machine, and its CPUs, memory and kernel.

    `root` is where /proc, /sys and /dev are looked for. `allowed` are the CPUs that this process
    may run on. A check that fails is among the unchecked, with the reason, and stops no other.
    """
    cpus = frozenset(usable_cpus() if allowed is None else allowed)
    return merged(diagnose_gpus(machine, root, cpus), diagnose_host(machine, root, cpus))
