"""An A/B as text, Markdown and JSON: every verdict, its numbers, and what would decide it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_cell, make_launch, make_run
from pydantic import TypeAdapter

from suite.analysis.ab import SideRun, ab_report
from suite.formats.ab import ab_json, ab_markdown, ab_text, counts
from suite.model.ab import LaunchGroups, MatrixShift, VerdictKind, fixed
from suite.model.ab_report import AbReport
from suite.model.cell import Cell
from suite.model.comparability import Difference, DifferenceKind
from suite.model.launch import Caution, CautionKind, Launch, Status

DATA = Path(__file__).parents[1] / "data"
# Per cent by which b takes longer, in each of five rounds.
LOSSES = {
    1: (12.1, 11.2, 12.9, 11.6, 12.2),
    2: (0.3, -0.8, 0.9, -0.2, 0.5),
    16: (-5.1, -4.2, -5.9, -4.6, -5.2),
    32: (2.4, -3.9, 6.8, 0.6, -3.1),
    64: (1.3, 1.1, 1.6, 1.2, 1.4),
}
FAILED = make_cell(batch_size=128)
CELLS = (*(make_cell(batch_size=size) for size in LOSSES), FAILED)


def launches(side: str) -> list[Launch]:
    """Five launches of each cell on a side, the last cell of which runs out of memory on b."""
    made = [
        measured(cell, number, 1 + loss / 100 if side == "b" else 1)
        for cell, losses in zip(CELLS, LOSSES.values(), strict=False)
        for number, loss in enumerate(losses)
    ]
    if side == "a":
        return [*made, *(measured(FAILED, number, 1) for number in range(2))]
    lost = make_launch(cell=FAILED, status=Status.OUT_OF_MEMORY, reason="ResourceExhaustedError")
    return [*made, *(replace(lost, launch=number) for number in range(2))]


def measured(cell: Cell, number: int, factor: float) -> Launch:
    steps = tuple(0.01 * cell.batch_size * factor for _ in range(3))
    busy = Caution(CautionKind.CONTENDED, "foreign processes kept 20% of the CPU busy")
    cautions = (busy,) if cell.batch_size == 1 else ()
    return make_launch(cell=cell, launch=number, step_seconds=steps, cautions=cautions)


def recorded_ab() -> AbReport:
    sides = [
        SideRun(
            name=name,
            title=title,
            run=make_run(*launches(name), matrix="recorded", device="Tesla T4"),
            cells=CELLS,
        )
        for name, title in (("a", "unchanged"), ("b", "python=new/bin/python"))
    ]
    for place, version in enumerate(("2.20.0", "2.21.0")):
        run = sides[place].run
        header = replace(run.header, environment={"tensorflow": version})
        sides[place] = replace(sides[place], run=replace(run, header=header))
    return ab_report(sides[0], sides[1], fixed(5))


@pytest.mark.parametrize(("name", "render"), [("ab.txt", ab_text), ("ab.md", ab_markdown)])
def test_an_ab_is_the_recorded_document(name: str, render: object) -> None:
    """Each verdict with its numbers, what differs, what failed and what would decide."""
    assert render(recorded_ab()) == (DATA / name).read_text(encoding="utf-8")  # type: ignore[operator]


def test_every_verdict_is_in_the_recorded_ab() -> None:
    """Or the documents would not show them; an A/B is always comparable."""
    given = set(VerdictKind) - {VerdictKind.NOT_COMPARABLE}

    assert all(recorded_ab().count(kind) for kind in given)


def test_the_json_has_the_whole_ab() -> None:
    """Nothing is rounded or left out."""
    report = recorded_ab()

    assert TypeAdapter(AbReport).validate_json(ab_json(report)) == report
    assert json.loads(ab_json(report))["ab_version"] == 1


def test_two_groups_of_launches_are_told() -> None:
    """Which side has how many in each, as a change of the mix may be the change."""
    report = recorded_ab()
    groups = LaunchGroups(apart=0.052, a_faster=9, a_slower=1, b_faster=4, b_slower=6)
    first, *rest = report.cells
    text = ab_text(replace(report, cells=(replace(first, groups=groups), *rest)))

    assert "launches fall into two groups 5.2% apart, fast to slow: a 9:1, b 4:6" in " ".join(
        text.split()
    )
    assert "two groups" not in ab_text(report)


def test_a_shift_of_the_whole_matrix_is_told_and_decides_nothing() -> None:
    """A little in every cell is seen long before it can be told of any."""
    shift = MatrixShift(
        cells=6, rounds=5, mean=0.0198, standard_error=0.001, p_slower=1e-5, is_slower=True,
        is_faster=False,
    )  # fmt: skip
    report = replace(recorded_ab(), shift=shift)
    faster = replace(shift, mean=-0.0198, is_slower=False, is_faster=True)

    assert "whole matrix slower: b takes 1.02x the time over 6 cells; advisory" in ab_text(report)
    assert "whole matrix faster: b takes 0.980x" in ab_text(replace(report, shift=faster))


def test_sides_without_a_recorded_difference_have_no_table_of_them() -> None:
    """As in an A/A, or where a condition of the cells differs."""
    alike = replace(recorded_ab(), differences=())

    assert "What differs" in ab_text(recorded_ab())
    assert "What differs" not in ab_text(alike)
    assert "What differs" not in ab_markdown(alike)


def changed(place: int, **fields: Any) -> AbReport:
    """The recorded A/B with other fields of a cell: 1 passes, 3 is undecided, 4 is slower."""
    report = recorded_ab()
    cells = list(report.cells)
    cells[place] = replace(cells[place], **fields)
    return replace(report, cells=tuple(cells))


def estimated(place: int, **fields: Any) -> AbReport:
    """The same with other fields of a cell's estimate."""
    verdict = recorded_ab().cells[place].verdict
    assert verdict.estimate is not None
    estimate = replace(verdict.estimate, **fields)
    return changed(place, verdict=replace(verdict, estimate=estimate))


def row(report: AbReport, place: int) -> list[str]:
    """The texts of a cell's row."""
    name = report.cells[place].cell_id
    (text,) = (line for line in ab_markdown(report).splitlines() if line.startswith(f"| {name} "))
    return text.replace("|", " ").split()


def test_what_one_side_did_not_record_is_a_dash() -> None:
    """Not the word that a program has for nothing."""
    absent = Difference(
        name="cudnn", base=None, other="9.1", kind=DifferenceKind.EXPLAINED, why="a test"
    )
    text = ab_text(replace(recorded_ab(), differences=(absent,)))

    assert re.search(r"^cudnn +- +9\.1 +may change times$", text, re.M)


def test_a_cell_of_another_condition_on_b_has_both_names() -> None:
    """The base first."""
    report = changed(1, other_id="inference-amp-bs2-1gpu")

    assert row(report, 1)[:3] == ["inference-fp32-bs2-1gpu", "/", "inference-amp-bs2-1gpu"]


def test_a_side_without_a_launch_has_a_dash() -> None:
    """As before its first round has ended."""
    report = changed(1, a=None)

    assert row(report, 1)[1:3] == ["-", "99.86"]


def test_bounds_that_are_not_known_are_dashes() -> None:
    """A look that cannot tell a regression has no lower one, and a few pairs have neither."""
    assert row(estimated(1, lower=None), 1)[3:6] == ["1.00x", "-", "1.01x"]
    verdict = replace(recorded_ab().cells[1].verdict, estimate=None)
    assert row(changed(1, verdict=verdict), 1)[3:6] == ["-", "-", "-"]


def test_a_cell_that_varies_more_than_the_others_says_so() -> None:
    """Then its own variance alone counts."""
    note = "inference-fp32-bs2-1gpu: varies more than the other cells, so its own variance alone"

    assert note in ab_text(estimated(1, is_noisier=True))
    assert note not in ab_text(recorded_ab())


def test_what_is_near_the_minimum_effect_may_never_be_decided() -> None:
    """No number of pairs is promised for it."""
    text = ab_text(estimated(3, is_near_minimum=True))

    assert "bs32-1gpu: so near the minimum effect of 1.03x that more launches may never" in text
    assert "pairs would let it pass" not in text


def test_only_a_loss_beyond_chance_is_told_of_a_cell_that_passes() -> None:
    """A gain is none, and what chance explains says nothing."""
    said = "inference-fp32-bs64-1gpu: slower beyond chance"

    assert said in ab_text(recorded_ab())
    assert said not in ab_text(estimated(4, mean=-0.013))
    assert said not in ab_text(estimated(4, is_significant=False))


def test_a_side_that_is_not_whole_says_what_it_lacks() -> None:
    """Unless the cell was given up, which says it already."""
    cells = recorded_ab().cells
    assert cells[5].b is not None
    note = "b: out of memory: ResourceExhaustedError"

    assert f"bs2-1gpu: {note}" in ab_text(changed(1, b=cells[5].b))
    assert f"bs128-1gpu: {note}" not in ab_text(recorded_ab())


def test_where_there_is_nothing_to_say_of_cells_there_is_no_gap() -> None:
    """The sum follows the legend."""
    report = recorded_ab()
    alone = replace(report, cells=report.cells[1:2])

    assert ab_text(alone).endswith("with 95 % confidence\n\n1 cell: 1 pass")
    assert counts(alone) == "1 cell: 1 pass"
