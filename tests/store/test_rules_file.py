"""suite.store.rules: every mistake in a rules file is one line with file, line, place, remedy."""

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from suite.model.errors import InputError
from suite.model.gate import Metric
from suite.model.rules import GateRules, MinimumLoss, SmallBatches
from suite.store.rules import read_rules, rules_schema

EXAMPLE = Path(__file__).parents[2] / "docs" / "gate-rules.yaml"
LOSS = "minimum_loss_percent: {throughput: {usual: 3, small_batches: ["


def read(folder: Path, text: str) -> GateRules:
    path = folder / "rules.yaml"
    path.write_text(text + "\n")
    return read_rules(path)


def test_the_example_has_the_defaults() -> None:
    """But for the differences allowed, as it says; it fits any baseline."""
    found, usual = read_rules(EXAMPLE), GateRules()

    assert found.minimum_losses == usual.minimum_losses
    assert (found.gated, found.wanted_loss) == (usual.gated, usual.wanted_loss)
    assert found.allowed == ("os", "kernel_release")
    assert found.canary is None


def test_every_key_is_read(tmp_path: Path) -> None:
    """Percent become shares; a metric that is named has what is written alone."""
    found = read(
        tmp_path,
        "gated: [latency_p50, throughput]\n"
        "minimum_loss_percent:\n"
        "  latency_p50:\n"
        "    usual: 2.5\n"
        "    small_batches: [{up_to: 1, percent: 20}, {up_to: 4, percent: 7}]\n"
        "  throughput: {usual: 4}\n"
        "allow: [driver, variables.TF_X, variables, cpu, commit]\n"
        "canary: a-cell\n"
        "wanted_loss_percent: 8",
    )

    assert found.gated == (Metric.LATENCY_P50, Metric.THROUGHPUT)
    assert found.minimum_losses == {
        Metric.THROUGHPUT: MinimumLoss(usual=0.04),
        Metric.LATENCY_P50: MinimumLoss(
            usual=0.025,
            small_batches=(SmallBatches(up_to=1, loss=0.2), SmallBatches(up_to=4, loss=0.07)),
        ),
        Metric.LATENCY_P99: GateRules().minimum_losses[Metric.LATENCY_P99],
    }
    assert found.allowed == ("driver", "variables.TF_X", "variables", "cpu", "commit")
    assert (found.canary, found.wanted_loss) == ("a-cell", 0.08)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ": is empty; see docs/gate-rules.yaml for an example"),
        ("# a comment", ": is empty; see docs/gate-rules.yaml"),
        ("- 1", ":1: is not a mapping; see docs/gate-rules.yaml for an example"),
        ("gated: [throughput", ":2: cannot be read as YAML"),
        ("# a comment\ngatd: [throughput]", ":2: gatd: unknown key; did you mean 'gated'?"),
        ("zzz: 1", ":1: zzz: unknown key; known: gated, minimum_loss_percent, allow, canary"),
        ("gated: [throughput]\ngated: [throughput]", ":2: gated: given twice; remove one"),
        ("gated: []", ":1: gated: list should have at least 1 item"),
        ("gated: throughput", ":1: gated: input should be a valid list"),
        ("gated: [speed]", ":1: gated[0]: input should be 'throughput', 'latency_p50' or"),
        ("gated:\n  - throughput\n  - throughput", ":3: gated[1]: throughput a second time"),
        ("gated: [latency_p99]", ":1: gated[0]: latency_p99 is shown and never decides; remove it"),
        ("minimum_loss_percent: 5", ":1: minimum_loss_percent: input should be a valid dict"),
        (
            "minimum_loss_percent:\n  thruput: {usual: 5}",
            ":2: minimum_loss_percent.thruput: unknown key; did you mean 'throughput'?",
        ),
        (
            "minimum_loss_percent:\n  throughput: {usul: 5}",
            ":2: minimum_loss_percent.throughput.usul: unknown key; did you mean 'usual'?",
        ),
        ("minimum_loss_percent: {throughput: {}}", "throughput.usual: missing; add it"),
        ("minimum_loss_percent: {throughput: {usual: 0}}", "greater than or equal to 0.1, not 0"),
        ("minimum_loss_percent: {throughput: {usual: 101}}", "less than or equal to 100, not 101"),
        ("minimum_loss_percent: {throughput: {usual: -5}}", "greater than or equal to 0.1, not -5"),
        ("minimum_loss_percent: {throughput: {usual: 5%}}", 'a valid number, not "5%"'),
        ("minimum_loss_percent: {throughput: {usual: .nan}}", "'.nan' is ambiguous"),
        (f"{LOSS}{{up_to: 2}}]}}}}", "small_batches[0].percent: missing; add it"),
        (f"{LOSS}{{upto: 2, percent: 5}}]}}}}", "small_batches[0].upto: unknown key; did you mean"),
        (f"{LOSS}{{up_to: 0, percent: 5}}]}}}}", "small_batches[0].up_to: "),
        (f"{LOSS}{{up_to: 1.5, percent: 5}}]}}}}", "small_batches[0].up_to: "),
        (
            f"{LOSS}{{up_to: 2, percent: 5}}, {{up_to: 2, percent: 4}}]}}}}",
            "small_batches[1].up_to: 2 does not rise after 2; order them by batch size",
        ),
        ("allow: [drivr]", ":1: allow[0]: unknown difference 'drivr'; did you mean 'driver'?"),
        ("allow:\n- driver\n- foo.bar", ":3: allow[1]: unknown difference 'foo.bar'; known: suite"),
        (
            "allow: [device]",
            "device cannot be allowed: times of another device are another measure",
        ),
        ("allow: [gpus.0.name]", "gpus.0.name cannot be allowed: times of another model of GPU"),
        ("allow: [kernel_version]", "kernel_version cannot be allowed: a step of another version"),
        ("allow: [launches]", "launches needs no allowing: more launches are more samples of the"),
        ('allow: ["\\e[31mred"]', "allow[0]: unknown difference '\\x1b[31mred'; known: "),
        ("allow: ['']", "allow[0]: string should have at least 1 character"),
        ("allow: driver", ":1: allow: input should be a valid list"),
        ("canary: 3", ":1: canary: input should be a valid string, not 3"),
        ("wanted_loss_percent: 0", ":1: wanted_loss_percent: input should be greater than"),
        ("a: &x 1\nb: *x", ":1: b: anchors and aliases are not read; write the value out"),
        ("a: !!python/object/apply:os.system [ls]", ":1: a: tags are not read"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    """The file, the line, the place, and what to do."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)

    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'rules.yaml'}")
    assert words in message
    assert len(message.splitlines()) == 1


def test_what_is_no_file_of_rules_is_named(tmp_path: Path) -> None:
    """Missing files, directories and devices are told apart, and none is read without end."""
    for path, words in (
        (tmp_path / "missing", "no such file; give the path of a rules file, such as docs/gate"),
        (tmp_path, "is a directory"),
        (Path("/dev/zero"), "larger than 8388608 bytes"),
        (Path("/dev/null"), "is empty"),
    ):
        with pytest.raises(InputError) as caught:
            read_rules(path)
        assert words in str(caught.value)


def test_the_schema_takes_the_example_and_refuses_a_misspelt_key() -> None:
    """Editors check with it: `bench.py schema rules`."""
    schema = json.loads(rules_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    example = yaml.safe_load(EXAMPLE.read_text())

    validator.validate(example)
    assert not validator.is_valid({**example, "gatd": []})
    assert schema["properties"]["canary"]["description"].startswith("The id of a cell")
