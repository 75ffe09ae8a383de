"""suite.model.page: headings and titles as the published page words them."""

import pytest

from suite.model.cell import Precision
from suite.model.page import (
    accuracy_titles,
    batch_sizes_text,
    inference_subtitle,
    time_titles,
    training_titles,
)

FP32, TF32, AMP = Precision.FP32, Precision.TF32, Precision.AMP


@pytest.mark.parametrize(
    ("precision", "xla", "words"),
    [
        (FP32, False, "FP32 Inference Latency"),
        (TF32, True, "TF32 Inference Latency + XLA"),
        (AMP, False, "Mixed Precision Inference Latency"),
        (AMP, True, "Mixed Precision Inference Latency + XLA"),
    ],
)
def test_an_inference_table_has_its_heading(precision: Precision, *, xla: bool, words: str) -> None:
    """An abbreviation is not title-cased."""
    assert inference_subtitle(precision, xla=xla) == words


def test_only_the_a100s_accuracy_says_top1() -> None:
    """As the page has it."""
    assert accuracy_titles(FP32)[2:] == ("Accuracy - FP32", "Accuracy - mixed precision")
    assert accuracy_titles(TF32)[2:] == (
        "Accuracy - TF32 (top1)",
        "Accuracy - mixed precision (top1)",
    )


def test_training_tables_say_xla_in_every_column_but_the_speedup() -> None:
    """As the page has it; hours have mixed precision first."""
    assert training_titles(TF32, xla=True)[2:] == (
        "Throughput - TF32 + XLA",
        "Throughput - mixed precision + XLA",
        "Throughput speedup (TF32 - mixed precision)",
        "Weak scaling - TF32 + XLA",
        "Weak scaling - mixed precision + XLA",
    )
    assert training_titles(FP32, xla=False)[3] == "Throughput - mixed precision"
    assert time_titles(FP32, xla=True)[1:] == (
        "Time to train - mixed precision + XLA",
        "Time to train - FP32 + XLA",
    )
    assert time_titles(TF32, xla=False)[2] == "Time to train - TF32"


@pytest.mark.parametrize(
    ("base_size", "amp_size", "words"),
    [
        (128, 256, "128 (FP32) / 256 (AMP)"),
        (128, 128, "128"),
        (128, None, "128"),
        (None, 256, "256"),
    ],
)
def test_a_batch_size_of_both_sides_is_written_once(
    base_size: int | None, amp_size: int | None, words: str
) -> None:
    """Two that differ each have their precision; an absent side has none to write."""
    assert batch_sizes_text(FP32, base_size, amp_size) == words
