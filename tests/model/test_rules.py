"""suite.model.rules: the minimum loss of a cell, and the rules without a file."""

from builders import make_cell

from suite.model.gate import Metric
from suite.model.rules import GateRules, MinimumLoss, SmallBatches


def test_small_batches_have_a_minimum_loss_of_their_own() -> None:
    """The first that takes a batch size counts; larger ones have the usual."""
    loss = MinimumLoss(
        usual=0.03,
        small_batches=(SmallBatches(up_to=2, loss=0.1), SmallBatches(up_to=8, loss=0.05)),
    )

    found = [loss.of(make_cell(batch_size=size)) for size in (1, 2, 3, 8, 9, 256)]
    assert found == [0.1, 0.1, 0.05, 0.05, 0.03, 0.03]


def test_throughput_alone_decides_unless_a_file_says_otherwise() -> None:
    """At 5 %, and 10 % up to two images; the 99th percentile has its limit to be shown beside."""
    rules = GateRules()
    one, many = make_cell(batch_size=2), make_cell(batch_size=3)

    assert rules.gated == (Metric.THROUGHPUT,)
    assert {
        metric: (loss.of(one), loss.of(many)) for metric, loss in rules.minimum_losses.items()
    } == {
        Metric.THROUGHPUT: (0.1, 0.05),
        Metric.LATENCY_P50: (0.1, 0.05),
        Metric.LATENCY_P99: (0.1, 0.1),
    }
    assert (rules.allowed, rules.canary, rules.wanted_loss) == ((), None, None)
