"""suite.formats.findings: whole documents of a diagnosis, and its line before a run."""

from dataclasses import replace

from suite.formats.findings import findings_text, run_note
from suite.model.finding import Diagnosis, Finding, FindingKind, Unchecked, merged

PERSISTENCE = Finding(
    kind=FindingKind.PERSISTENCE,
    evidence="GPU 0 (Tesla T4): off",
    remedy="sudo nvidia-smi -i 0 -pm 1",
)
GOVERNOR = Finding(
    kind=FindingKind.GOVERNOR,
    evidence="powersave on 4 of 4 CPUs",
    remedy="sudo cpupower frequency-set -g performance",
)
BOOST = Finding(
    kind=FindingKind.BOOST,
    evidence="on",
    remedy="echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
    is_note=True,
)
DIAGNOSIS = Diagnosis(
    found=(BOOST, PERSISTENCE, GOVERNOR),
    unchecked=tuple(
        Unchecked(kind=kind, reason="GPU 0 (Tesla T4): Not Supported")
        for kind in (FindingKind.ECC, FindingKind.REMAPPED_ROWS)
    ),
    checked=(
        FindingKind.PERSISTENCE,
        FindingKind.GOVERNOR,
        FindingKind.BOOST,
        FindingKind.ECC,
        FindingKind.SWAP,
        FindingKind.CLOCK_SOURCE,
    ),
)

TEXT = """\
finding: persistence mode: GPU 0 (Tesla T4): off
  try: sudo nvidia-smi -i 0 -pm 1
finding: CPU governor: powersave on 4 of 4 CPUs
  try: sudo cpupower frequency-set -g performance

note: CPU boost: on
  try: echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost

could not be checked: ECC, remapped rows: GPU 0 (Tesla T4): Not Supported

in order: swap, clock source

2 findings"""


def test_a_diagnosis_reads_as_expected() -> None:
    """Findings, notes, what is unknown and what is in order; a kind is in order on all devices."""
    assert findings_text(DIAGNOSIS, 100) == TEXT


def test_a_clean_machine_says_so() -> None:
    """With the checks that were made."""
    clean = Diagnosis(checked=(FindingKind.SWAP, FindingKind.SWAP))

    assert findings_text(clean, 100) == "in order: swap\n\nno findings"


def test_commands_are_never_broken() -> None:
    """Evidence is wrapped to the width, a remedy is one line that can be copied."""
    long = replace(PERSISTENCE, evidence="word " * 40, remedy="command " * 40)
    lines = findings_text(Diagnosis(found=(long,)), 60).splitlines()

    assert max(len(line) for line in lines if "word" in line) <= 60
    assert sum("command" in line for line in lines) == 1


def test_a_run_says_findings_in_one_line() -> None:
    """Each kind once, and no notes."""
    twice = merged(DIAGNOSIS, Diagnosis(found=(PERSISTENCE,)))

    assert run_note(twice) == (
        "3 findings make numbers noisy or wrong: persistence mode, CPU governor;"
        " see python bench.py doctor"
    )
    assert run_note(Diagnosis(found=(GOVERNOR,))) == (
        "1 finding makes numbers noisy or wrong: CPU governor; see python bench.py doctor"
    )
    assert run_note(Diagnosis(found=(BOOST,), unchecked=DIAGNOSIS.unchecked)) is None
