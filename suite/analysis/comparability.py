"""What two runs recorded otherwise of their conditions, and what that does to their numbers.

The one list of conditions is here: resuming a run, setting runs beside each other, an A/B and a
gate ask it.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import partial

from suite.model.comparability import Difference, DifferenceKind, Value
from suite.model.run import RunHeader

# What a machine does at the moment, and what is told elsewhere.
_LEFT_OUT = ("processes", "index", "driver_version", "cuda_version")
# The version of the workload in records from before it was recorded.
_FIRST_KERNEL_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What runs record of their conditions: a name, and what a difference in it does to times.

    `name` may hold `*` for any part of a name. `why` is the reason for the kind in one line.
    `without_gpu` is the kind where both runs used the CPU, and `lacking` where one of the two has
    no value, if they are others. A difference of up to `slight`, as a share, is harmless.
    `in_one_run` says of what the environment holds that all launches of a run have it in common, so
    that a run is not resumed with another. `is_own` is true of the version of the suite.
    """

    name: str
    kind: DifferenceKind
    why: str
    without_gpu: DifferenceKind | None = None
    lacking: DifferenceKind | None = None
    slight: float = 0.0
    in_one_run: bool = False
    is_own: bool = False


_blocking = partial(Condition, kind=DifferenceKind.BLOCKING)
_explained = partial(Condition, kind=DifferenceKind.EXPLAINED)
_harmless = partial(Condition, kind=DifferenceKind.HARMLESS)
_software = partial(_explained, in_one_run=True)
_suite = partial(_software, is_own=True)
# The CPU is the device where no GPU is.
_host = partial(_explained, without_gpu=DifferenceKind.BLOCKING)

# The first that fits a name counts. What none fits may change times, for all that is known.
CONDITIONS = (
    _blocking(name="device", why="times of another device are another measurement"),
    _harmless(name="matrix", why="cells are compared by their own conditions, not by their file"),
    _harmless(name="selection", why="which cells were measured changes none of them"),
    _blocking(
        name="kernel_version",
        why="a step of another version computes something else",
        in_one_run=True,
    ),
    _suite(name="suite", why="the version of the suite"),
    _suite(name="commit", why="the commit of the suite"),
    _suite(name="dirty", why="whether the suite had changes without a commit"),
    _suite(name="code", why="the files of the suite"),
    _software(name="python", why="the interpreter runs the loop around every step"),
    _software(name="tensorflow", why="it computes the steps"),
    _software(name="keras", why="it builds the network"),
    _software(name="horovod", why="it exchanges the gradients of ranks"),
    _software(name="dali", why="it reads and decodes images"),
    _software(name="cuda_runtime", why="it starts the programs of the GPU"),
    _software(name="cudnn", why="its convolutions are most of a step on a GPU"),
    _software(name="nccl", why="it exchanges the gradients of GPUs"),
    _software(name="driver", why="it schedules the work of the GPU and sets its clocks"),
    _software(name="cuda", why="the CUDA version that the driver offers"),
    _software(name="kernel_release", why="the operating system schedules the threads of a step"),
    _software(name="container", why="an image brings its own libraries and limits"),
    _software(name="cpu_governor", why="it sets the clock of the CPU"),
    _software(name="variables", why="a setting of the framework or of a library"),
    _explained(name="numpy", why="it prepares batches on the host"),
    _explained(name="os", why="its libraries, such as the allocator, are in every step"),
    _explained(name="numa_nodes", why="memory of another node is slower"),
    _harmless(name="findings", why="what doctor found; what of it changes times differs by itself"),
    _harmless(name="gpus.*.uuid", why="it tells GPUs of one model apart"),
    _blocking(name="gpus.*.name", why="times of another model of GPU are another measurement"),
    # Drivers report some MiB more or less of the same board; ECC takes 6 %.
    _blocking(
        name="gpus.*.memory_bytes", why="another variant of the GPU, or ECC switched", slight=0.02
    ),
    _blocking(name="gpus.*.form_factor", why="another variant of the GPU, with other clocks"),
    _blocking(name="gpus.*.compute_capability", why="another architecture of GPU"),
    _blocking(name="gpus.*.power_limit_watts", why="the power limit bounds the clock of the GPU"),
    _blocking(name="gpus.*.locked_clock_mhz", why="the clock at which the GPU was held"),
    _blocking(name="gpus.*.mig", why="a MIG device is a part of its GPU"),
    _host(name="cpu.model", why="another CPU"),
    _host(name="cpu.cores", why="another share of the CPU"),
    _host(name="cpu.physical_cores", why="another number of cores"),
    # Earlier versions did not record it; `cores` was its like.
    _host(name="cpu.allowed_cores", why="another set of cores", lacking=DifferenceKind.HARMLESS),
    _host(name="cpu.features", why="other instructions"),
    # What the firmware and the operating system keep for themselves varies by some MiB.
    _explained(name="cpu.memory_bytes", why="memory that is short slows reading down", slight=0.02),
    _harmless(name="nvml", why="a remark; the GPUs are compared by themselves"),
    _harmless(name="gpus_out_of_reach", why="a remark; the device is compared by itself"),
    _blocking(name="warmup_steps", why="the first steps bring caches and clocks up"),
    _blocking(name="measured_steps", why="a mean over more steps weighs the first ones less"),
    _harmless(name="launches", why="more launches are more samples of the same"),
    _blocking(name="max_seconds", why="a cap that is reached leaves out the later steps"),
    _harmless(
        name="startup_timeout_seconds", why="a deadline ends what hangs, and changes no step"
    ),
    _harmless(name="step_timeout_seconds", why="a deadline ends what hangs, and changes no step"),
    _blocking(name="quick", why="quick numbers are a first look"),
    _explained(
        name="data.data_dir",
        why="another folder may hold other images, or lie on other storage",
        lacking=DifferenceKind.BLOCKING,
    ),
    _explained(
        name="data.data_idx_dir",
        why="another folder may hold another index",
        lacking=DifferenceKind.BLOCKING,
    ),
    _harmless(name="data.weights", why="where the network lies; its content has a checksum"),
    _harmless(
        name="data.weights_sha256",
        why="a step computes as much with any weights, and as fast",
    ),
    _blocking(name="data.*", why="how records are read is part of a step"),
    _explained(name="distributed.hosts", why="other hosts have other devices and networks"),
    _explained(name="distributed.environment", why="other variables reach the ranks"),
    _blocking(name="distributed.*", why="how ranks start and exchange is part of a step"),
)
_UNKNOWN = _explained(name="*", why="nothing is known of its effect on times")


def header_differences(base: RunHeader, other: RunHeader) -> tuple[Difference, ...]:
    """What two runs recorded otherwise of device, software, machine and protocol, by kind.

    What is read by a run of before that was stored is unknown, and no difference.
    """
    has_data = base.data is not None and other.data is not None
    told = [dict(_told(header, has_data=has_data)) for header in (base, other)]
    on_cpu = base.gpu is None and other.gpu is None
    return tuple(
        _difference(name, told[0].get(name), told[1].get(name), on_cpu=on_cpu)
        for name in dict.fromkeys([*told[0], *told[1]])
        if told[0].get(name) != told[1].get(name)
    )


def forbidding(
    differences: Iterable[Difference], allowed: Collection[str] = ()
) -> tuple[Difference, ...]:
    """Those that forbid to say that the suite alone made the difference between two numbers.

    That is what blocks, and what explains a change and is not `allowed`, by its name or by that
    of what it is a part of (`variables`). The version of the suite is always allowed.
    """
    return tuple(
        each
        for each in differences
        if each.kind is DifferenceKind.BLOCKING
        or (
            each.kind is DifferenceKind.EXPLAINED
            and not each.is_own
            and not each.is_named_by(allowed)
        )
    )


def software_of_run(header: RunHeader) -> dict[str, object]:
    """What all launches of a run have in common of its environment, as far as it is recorded."""
    found = _environment(header)
    names = (each.name for each in CONDITIONS if each.in_one_run)
    return {name: found[name] for name in names if name in found}


def condition_of(name: str) -> Condition:
    """What is known of a condition, or of what it is a part of, by the name in a difference."""
    whole = name.partition(".")[0]
    found = (c for c in CONDITIONS if fnmatchcase(name, c.name) or c.name == whole)
    return next(found, _UNKNOWN)


def _difference(name: str, base: Value, other: Value, *, on_cpu: bool) -> Difference:
    condition = condition_of(name)
    kind, why = condition.kind, condition.why
    if on_cpu and condition.without_gpu:
        kind = condition.without_gpu
    if condition.lacking and (base is None or other is None):
        kind = condition.lacking
    if _apart(base, other) <= condition.slight:
        kind, why = DifferenceKind.HARMLESS, "too slight to matter"
    return Difference(
        name=name, base=base, other=other, kind=kind, why=why, is_own=condition.is_own
    )


def _environment(header: RunHeader) -> dict[str, object]:
    return {"kernel_version": _FIRST_KERNEL_VERSION, **header.environment}


def _apart(base: Value, other: Value) -> float:
    """How far two numbers are apart as a share of the larger; infinite for anything else."""
    if not isinstance(base, int | float) or not isinstance(other, int | float):
        return math.inf
    return abs(base - other) / max(abs(base), abs(other))


def _told(header: RunHeader, *, has_data: bool) -> Iterator[tuple[str, Value]]:
    """What a header says of the conditions of its run, by name; a part of a part after a dot."""
    yield "device", header.device
    yield "matrix", header.matrix
    yield "selection", header.selection
    environment = _environment(header)
    yield "findings", _kinds(environment.pop("findings", None))
    yield from flattened(environment)
    yield from flattened(header.machine)
    yield from flattened(asdict(header.protocol))
    data = header.data if has_data and header.data else {}
    yield from flattened({"data": data, "distributed": header.distributed})


def _kinds(findings: object) -> str | None:
    """The kinds of what `doctor` found, each once: its evidence differs from moment to moment."""
    found = findings if isinstance(findings, list | tuple) else ()
    kinds = (str(each.get("kind")) for each in found if isinstance(each, Mapping))
    return ", ".join(dict.fromkeys(kinds)) or None


def flattened(value: Mapping[str, object], within: str = "") -> Iterator[tuple[str, Value]]:
    """The values in a mapping by name, those of its mappings and lists after a dot."""
    for key, part in value.items():
        name = f"{within}{key}"
        if key in _LEFT_OUT:
            continue
        if isinstance(part, Mapping):
            yield from flattened(part, f"{name}.")
        elif isinstance(part, Sequence) and not isinstance(part, str):
            if any(isinstance(item, Mapping) for item in part):
                items = {str(place): item for place, item in enumerate(part)}
                yield from flattened(items, f"{name}.")
            else:
                yield name, ", ".join(map(str, part)) or None
        elif isinstance(part, str | int | float):
            yield name, part
