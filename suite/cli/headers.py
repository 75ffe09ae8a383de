"""The header of a new run: what is known before its first launch."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from suite import kernels
from suite.kernels.interface import KernelOptions
from suite.machine.environment import fingerprint
from suite.model.device import Machine, device_slug, labelling_machine, run_label
from suite.model.matrix import Matrix
from suite.model.run import RunHeader
from suite.model.text import file_safe, shown
from suite.store.references import portable_reference

# Characters of the matrix's name in the name of a run directory; a file name has 255 bytes.
_LONGEST_NAME = 40


def new_header(
    matrix: Matrix, options: KernelOptions, machine: Machine, findings: Mapping[str, object]
) -> RunHeader:
    """The header of a run of this matrix that begins now, on a machine with these findings."""
    here = labelling_machine(matrix.cells, machine)
    return RunHeader(
        matrix=matrix.name,
        purpose=matrix.purpose,
        reference=portable_reference(matrix.reference),
        expected_device=matrix.device,
        device=run_label(matrix.cells, machine),
        gpu=here.gpus[0].name if here.gpus else None,
        protocol=matrix.protocol,
        started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        cells=tuple(cell.id for cell in matrix.cells),
        machine=asdict(machine),
        environment={**fingerprint(machine, kernels.packages()), **findings},
        selection=matrix.selection,
        distributed=_distributed(matrix),
        data={
            "data_dir": _whole(options.data_dir),
            "data_idx_dir": _whole(options.data_idx_dir),
            **asdict(matrix.reading),
            "weights": _whole(matrix.weights.path) if matrix.weights else None,
            "weights_sha256": matrix.weights.sha256 if matrix.weights else None,
        },
    )


def _distributed(matrix: Matrix) -> dict[str, object]:
    """How cells of several GPUs are launched, as run.json holds it; empty where there is none."""
    if all(cell.gpus == 1 for cell in matrix.cells):
        return {}
    declared = asdict(matrix.distributed)
    hosts = [str(host) for host in matrix.distributed.hosts]
    return {**declared, "hosts": hosts}


def _whole(folder: str | None) -> str | None:
    """The absolute path of a folder, with links resolved."""
    return shown(str(Path(folder).resolve()), None) if folder else None


def directory_name(header: RunHeader, machine: Machine) -> str:
    """`<UTC time>-<device>-<matrix>`, so that names sort by time (see `create_run`)."""
    time = header.began.strftime("%Y%m%dT%H%M%SZ")
    return f"{time}-{device_slug(machine)}-{file_safe(header.matrix, _LONGEST_NAME)}"
