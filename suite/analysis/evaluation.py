"""What evaluations of a trained network came to, beside what its training and others say of it."""

import math
from collections.abc import Sequence
from dataclasses import replace

from suite.analysis.training_course import accuracy_of, wilson_interval
from suite.model.cell import Cell, Graph, Layout, Precision, XlaMode
from suite.model.evaluation import Agreement, Classified, EvaluatedVariant
from suite.model.facts import Facts
from suite.model.launch import Launch, Status
from suite.model.trained_network import TrainedNetwork
from suite.model.training import Evaluation
from suite.model.training_course import Accuracy

# The largest share of images to which rounding alone gives another class. The two likeliest classes
# of a trained network are some units of logit apart: about one image in ten has them within one
# unit, and so a share of d / 10 within a small distance d. In float32 another order of additions
# moves a logit by some 1e-4, which is a share of 1e-5; a hundred times that leaves room for
# networks that are less sure, and still finds a wrong border or layer. float16 and TF32 round each
# factor to 11 bits, which moves a logit by about 0.02, a share of 0.2 %, and bfloat16 to 8 bits, by
# eight times as much. Both are allowed twice that.
_FLOAT32_TOLERANCE = 0.001
_TOLERANCES = {"float16": 0.005, "bfloat16": 0.03}


def variants_of(base: Cell) -> tuple[Cell, ...]:
    """The cells that should agree with the base, in FP32 with nothing switched on, which is first.

    AMP and TF32, XLA, the frozen graph and NCHW, each alone.
    """
    return (
        base,
        replace(base, precision=Precision.TF32),
        replace(base, precision=Precision.AMP),
        replace(base, xla=True, xla_mode=XlaMode.JIT_COMPILE),
        replace(base, graph=Graph.FROZEN),
        replace(base, layout=Layout.NCHW),
    )


def variant_name(cell: Cell) -> str:
    """What tells a cell of `variants_of` from the others."""
    if cell.xla:
        return "XLA"
    if cell.graph is Graph.FROZEN:
        return "frozen graph"
    return "NCHW" if cell.layout is Layout.NCHW else cell.precision.value.upper()


def evaluated_variant(
    launch: Launch, classified: Classified | None, base: Classified | None
) -> EvaluatedVariant:
    """What the launch of a cell came to; `base` is what FP32 said of the same images, if wanted."""
    if launch.status is not Status.OK or classified is None:
        reason = launch.reason or "left no result"
        status = Status.CRASHED if launch.status is Status.OK else launch.status
        return EvaluatedVariant(
            cell=launch.cell, name=variant_name(launch.cell), status=status, reason=reason
        )
    return EvaluatedVariant(
        cell=launch.cell,
        name=variant_name(launch.cell),
        status=launch.status,
        accuracy=accuracy_of(_evaluation(classified)),
        seconds=classified.seconds,
        agreement=agreement(base, classified, launch.conditions) if base else None,
        conditions=launch.conditions,
    )


def agreement(base: Classified, other: Classified, conditions: Facts) -> Agreement:
    """How many images have another class; an image without any differs from every other."""
    pairs = zip(base.predicted, other.predicted, strict=True)
    different = sum(one != two for one, two in pairs)
    low, high = wilson_interval(different, base.images)
    return Agreement(
        images=base.images,
        different=different,
        low=low,
        high=high,
        tolerance=tolerance(conditions),
    )


def tolerance(conditions: Facts) -> float:
    """The largest share of other classes that the arithmetic of a launch explains."""
    kind = conditions.compute_type or ""
    return _TOLERANCES.get("float16" if conditions.tf32 else kind, _FLOAT32_TOLERANCE)


def agrees(variants: Sequence[EvaluatedVariant]) -> bool:
    """Whether every variant that was compared keeps its tolerance."""
    return all(each.agreement.is_kept for each in variants if each.agreement is not None)


def published_top1(network: TrainedNetwork, cell: Cell) -> float | None:
    """The published share, which is of the whole training and of its own image size."""
    header = network.header
    if header is None or not network.is_last:
        return None
    same_size = cell.image_size == header.training.cell.image_size
    return header.training.published_top1 if same_size else None


def is_within(share: float | None, accuracy: Accuracy | None) -> bool | None:
    """Whether a share is within the interval of a top-1; None where either is missing."""
    if share is None or accuracy is None:
        return None
    return accuracy.top1_low <= share <= accuracy.top1_high


def _evaluation(classified: Classified) -> Evaluation:
    found = classified.cross_entropy
    return Evaluation(
        images=classified.images,
        top1=classified.top1,
        top5=classified.top5,
        cross_entropy=math.inf if found is None else found,
        seconds=classified.seconds,
    )
