"""The published page's own words: headings and column titles, in its order.

The page is NVIDIA's "ResNet v1.5 for TensorFlow" resource. `base` is the precision that AMP is
set beside: TF32 on the A100, FP32 elsewhere.
"""

from suite.model.cell import Precision

INFERENCE_TITLES = (
    "Batch Size",
    "Avg throughput",
    "Avg latency",
    "90% Latency",
    "95% Latency",
    "99% Latency",
)


def precision_title(precision: Precision) -> str:
    """FP32, TF32 or, for AMP, mixed precision."""
    return "mixed precision" if precision is Precision.AMP else precision.value.upper()


def inference_subtitle(precision: Precision, *, xla: bool) -> str:
    """What stands above an inference table, under the system's heading."""
    name = precision_title(precision)
    return f"{name if name.isupper() else name.title()} Inference Latency{' + XLA' if xla else ''}"


def accuracy_titles(base: Precision) -> tuple[str, ...]:
    """Columns of a training accuracy table; only the A100's says that top-1 is meant."""
    metric = " (top1)" if base is Precision.TF32 else ""
    return (
        "Epochs",
        "Batch Size / GPU",
        f"Accuracy - {precision_title(base)}{metric}",
        f"Accuracy - mixed precision{metric}",
    )


def training_titles(base: Precision, *, xla: bool) -> tuple[str, ...]:
    """Columns of a training performance table."""
    name, suffix = precision_title(base), " + XLA" if xla else ""
    return (
        "GPUs",
        "Batch Size / GPU",
        f"Throughput - {name}{suffix}",
        f"Throughput - mixed precision{suffix}",
        f"Throughput speedup ({name} - mixed precision)",
        f"Weak scaling - {name}{suffix}",
        f"Weak scaling - mixed precision{suffix}",
    )


def time_titles(base: Precision, *, xla: bool) -> tuple[str, ...]:
    """Columns of a training time table, in which mixed precision comes first."""
    suffix = " + XLA" if xla else ""
    return (
        "GPUs",
        f"Time to train - mixed precision{suffix}",
        f"Time to train - {precision_title(base)}{suffix}",
    )


def batch_sizes_text(base: Precision, base_size: int | None, amp_size: int | None) -> str:
    """Batch sizes of a training line: one where they agree, else each with its precision."""
    if base_size is None or amp_size is None or base_size == amp_size:
        return str(base_size or amp_size)
    return f"{base_size} ({base.value.upper()}) / {amp_size} (AMP)"
