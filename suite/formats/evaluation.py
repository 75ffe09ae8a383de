"""The evaluation of a trained network, for the terminal."""

from collections.abc import Iterator, Sequence

from suite.formats.numbers import MISSING, duration
from suite.formats.tables import (
    TEXT_WIDTH,
    Dialect,
    Table,
    paragraph,
    plain_table,
    write_table,
)
from suite.formats.training import SIMULATED, accuracy_text
from suite.model.cell import KernelName
from suite.model.evaluation import Agreement, EvaluatedVariant, EvaluationReport
from suite.model.export import Export
from suite.model.launch import Status
from suite.model.text import shown
from suite.model.trained_network import TrainedNetwork

# Columns that the names of facts take beside their values.
_NAMES = 19
_INTERVAL = (
    "Every image of the split was judged once. The interval of top-1 is Wilson's with 95 %, of"
    " these images alone."
)
_AGREEMENT = (
    "Other class: images whose likeliest class is another than in FP32, their share, and its 95 %"
    " interval. A variant is outside if all of the interval is above the tolerance, which is what"
    " rounding explains of a network that is sure of its classes; early in a training few are."
)


def evaluation_text(report: EvaluationReport, width: int = TEXT_WIDTH) -> str:
    """What was evaluated, and what it came to."""
    first, *others = report.variants
    parts = [plain_table(list(_facts(report, first)), width - _NAMES)]
    if others:
        parts += ["", write_table(_table(report.variants), Dialect.TERMINAL, width)]
        parts += [paragraph(_AGREEMENT, width)]
    parts += [paragraph(_INTERVAL, width)] if first.accuracy else []
    parts += [
        paragraph(f"{_state(each)}: {shown(each.name)}: {shown(each.reason)}", width)
        for each in report.variants
        if each.reason
    ]
    return "\n".join([*parts, *(paragraph(f"note: {shown(n)}", width) for n in _notes(report))])


def network_facts(network: TrainedNetwork) -> Iterator[tuple[str, str]]:
    """Which network it is."""
    if network.header is not None:
        training = network.header.training
        yield "training", f"{training.name}: {training.purpose}"
    elif network.training is not None:
        yield "training", network.training
    step = "" if network.step is None else f", after step {network.step}"
    yield "network", f"{network.path}{step}"
    yield "sha256", network.sha256


def export_text(note: Export, folder: str, width: int = TEXT_WIDTH) -> str:
    """What an export holds, and of which network it is."""
    step = "" if note.step is None else f", after step {note.step}"
    facts = [
        ("network", f"{note.source}{step}"),
        ("sha256", note.source_sha256),
        *([("top-1", accuracy_text(note.recorded))] if note.recorded else []),
        ("takes", f"{note.input}; image_size {note.image_size}"),
        ("returns", note.output),
        ("labels", note.labels),
        ("directory", f"{folder} (model.keras, saved_model/, export.json)"),
    ]
    return plain_table(facts, width - _NAMES)


def _facts(report: EvaluationReport, first: EvaluatedVariant) -> Iterator[tuple[str, str]]:
    yield from network_facts(report.network)
    yield "cell", first.cell.id
    computed = first.conditions.compute_type
    yield "device", report.device + (f", computed in {computed}" if computed else "")
    if first.accuracy is None:
        return
    yield "top-1", accuracy_text(first.accuracy)
    yield "recorded", _recorded(report)
    if report.published_top1 is not None:
        where = "within" if report.published_within else "outside"
        yield "published top-1", f"{report.published_top1:.2%}, {where} the interval"
    yield "time", f"{duration(first.seconds)} of batches, waits for images included"


def _recorded(report: EvaluationReport) -> str:
    if report.network.recorded is None:
        return "no evaluation of this network by its training is known"
    text = f"{accuracy_text(report.network.recorded)}, by its training"
    return text if report.split_is_same is not False else f"{text}, which had another split"


def _table(variants: Sequence[EvaluatedVariant]) -> Table:
    headers = ("variant", "top-1", "top-5", "other class", "share", "95 %", "tolerance", "")
    return Table("", headers, [_row(each) for each in variants])


def _row(variant: EvaluatedVariant) -> tuple[str, ...]:
    accuracy = variant.accuracy
    if accuracy is None:
        return (variant.name, *[MISSING] * 6, _state(variant))
    top = (f"{accuracy.top1:.2%}", f"{accuracy.top5:.2%}")
    if variant.agreement is None:
        return (variant.name, *top, *[MISSING] * 4, "")
    return (variant.name, *top, *_compared(variant.agreement))


def _compared(found: Agreement) -> tuple[str, ...]:
    return (
        f"{found.different} of {found.images}",
        f"{found.share:.2%}",
        f"{found.low:.2%} to {found.high:.2%}",
        f"{found.tolerance:.1%}",
        "agrees" if found.is_kept else "outside",
    )


def _state(variant: EvaluatedVariant) -> str:
    return "skipped" if variant.status is Status.SKIPPED else variant.status.words


def _notes(report: EvaluationReport) -> Iterator[str]:
    if report.variants[0].cell.kernel is KernelName.SIMULATED:
        yield SIMULATED
    yield from report.network.notes
