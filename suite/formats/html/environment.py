"""What a run or a training ran on, as its header says; another hand may have written anything."""

from collections.abc import Iterator, Mapping

from suite.formats.html.text import Named
from suite.model.run import RunHeader
from suite.model.training_record import TrainingHeader

# Of the environment, what belongs to the device rather than to the software.
_OF_THE_DEVICE = ("driver", "cuda", "cpu_governor", "numa_nodes")
# What the title of the page or other facts say.
_SAID = {"variables", "findings", *_OF_THE_DEVICE}


def device_facts(header: RunHeader | TrainingHeader) -> list[Named]:
    """The device, its memory and its driver, the host's CPU, and what `doctor` found of them."""
    return [Named(name=name, text=text) for name, text in _device(header) if text]


def _device(header: RunHeader | TrainingHeader) -> Iterator[tuple[str, str]]:
    machine = header.machine
    yield "device", header.device
    if isinstance(header, RunHeader):
        yield "matrix is for", header.expected_device or ""
    gpus = machine.get("gpus")
    for gpu in gpus if isinstance(gpus, list | tuple) else ():
        if isinstance(gpu, Mapping):
            yield f"GPU {_text(gpu, 'index')}".strip(), ", ".join(_gpu(gpu))
    cpu = machine.get("cpu")
    if isinstance(cpu, Mapping):
        yield "CPU", ", ".join(_cpu(cpu))
        features = cpu.get("features")
        if isinstance(features, list | tuple):
            yield "instruction sets", ", ".join(map(str, features))
    for name in _OF_THE_DEVICE:
        yield name.replace("_", " "), _text(header.environment, name)
    findings = header.environment.get("findings")
    for each in findings if isinstance(findings, list | tuple) else ():
        if isinstance(each, Mapping):
            yield f"finding: {_text(each, 'kind')}", _finding(each)


def _finding(finding: Mapping[str, object]) -> str:
    remedy = _text(finding, "remedy")
    return _text(finding, "evidence") + (f"; try: {remedy}" if remedy else "")


def _gpu(gpu: Mapping[str, object]) -> Iterator[str]:
    yield _text(gpu, "name")
    yield from _memory(gpu)
    watts = gpu.get("power_limit_watts")
    if isinstance(watts, int | float):
        yield f"power limit {watts:.0f} W"
    clock = gpu.get("locked_clock_mhz")
    if isinstance(clock, int | float):
        yield f"clock locked at {clock:.0f} MHz"
    if gpu.get("mig"):
        yield "MIG on"


def _cpu(cpu: Mapping[str, object]) -> Iterator[str]:
    yield _text(cpu, "model")
    cores = cpu.get("cores")
    if isinstance(cores, int | float):
        yield f"{cores:g} {'core' if cores == 1 else 'cores'}"
    yield from _memory(cpu)


def _memory(part: Mapping[str, object]) -> Iterator[str]:
    memory = part.get("memory_bytes")
    if isinstance(memory, int | float):
        yield f"{memory / 2**30:.1f} GiB"


def software_facts(header: RunHeader | TrainingHeader) -> list[Named]:
    """Versions, and the variables that were set."""
    known = {name: value for name, value in header.environment.items() if name not in _SAID}
    known["uncommitted changes"] = "yes" if known.pop("dirty", None) else None
    variables = header.environment.get("variables")
    found = {name.replace("_", " "): _text(known, name) for name in known}
    if isinstance(variables, Mapping):
        found |= {str(name): str(value) for name, value in variables.items()}
    return [Named(name=name, text=text) for name, text in found.items() if text]


def protocol_facts(header: RunHeader, measured: str) -> list[Named]:
    """The matrix, how its cells were measured, and where records came from."""
    found = {
        "matrix": f"{header.matrix}: {header.purpose}",
        "measured": measured,
        "selected by": header.selection or "",
    }
    for part in (header.distributed, header.data or {}):
        found |= {name.replace("_", " "): _text(part, name) for name in part}
    return [Named(name=name, text=text) for name, text in found.items() if text]


def _text(values: Mapping[str, object], name: str) -> str:
    """A value as text, a list with commas; empty where it is not known, or nothing."""
    value = values.get(name)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None or value == "" else str(value)
