"""report.html: one page that loads nothing, in which every cell, state and caveat is found."""

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_run
from invented import OUT_OF_MEMORY, THROTTLED, invented_report, invented_run
from outline import OUTLINE, outline
from recorded import recorded_report, two_runs_report

from suite.analysis.assemble import assemble, join
from suite.formats.html.page import report_html
from suite.formats.palette import LOOKS
from suite.model.cell import Mode, Precision, quick_protocol
from suite.model.launch import Status
from suite.model.reference import Metric
from suite.model.report import Report
from suite.model.run import DamagedRecord
from suite.store.references import BANDS_PATH, read_bands, read_system

ROOT = Path(__file__).parents[2]
VOID = {"meta", "input", "br", "use", "path", "rect", "circle"}
# One of each kind of thing that could be fetched from elsewhere.
FETCHING = {"src", "srcset", "data", "action", "poster", "background"}


class Page(HTMLParser):
    """The elements, ids, links and text of a page, whose tags are all closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.elements: Counter[str] = Counter()
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes another element"

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self) -> str:
        """What a reader reads, on one line."""
        return " ".join("".join(self.texts).split())


def read(report: Report) -> Page:
    return Page(report_html(report))


@pytest.fixture(scope="module")
def invented() -> Report:
    return invented_report(steps=60, launches=2)


def test_the_page_is_the_recorded_one() -> None:
    """Every word, number, link and drawn step stands where it stood; plots have their own records.

    `python tests/formats/outline.py` writes the outline anew; look at the page, too.
    """
    assert outline(report_html(two_runs_report())) == OUTLINE.read_text(encoding="utf-8")


def test_blocks_of_the_template_leave_no_lines_behind() -> None:
    """A page stays small and can be read as it is; the file ends with its last line."""
    text = report_html(recorded_report())

    assert "\n\n\n" not in text.split("</style>")[1].split("<script>")[0]
    assert text.endswith("</html>\n")


@pytest.mark.parametrize("name", ["recorded", "invented"])
def test_the_page_is_whole_and_loads_nothing(name: str, invented: Report) -> None:
    """Every tag is closed, every id is there once, and every link leads to one of them."""
    page = read(invented if name == "invented" else recorded_report())

    assert [found for found, count in Counter(page.ids).items() if count > 1] == []
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert [(name, value) for name, value in page.attributes if name in FETCHING] == []
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert not page.elements.keys() & {"link", "img", "iframe", "object", "embed", "base", "form"}


def test_no_script_but_the_suites_own_can_run(invented: Report) -> None:
    """The policy in the page names its only script by hash and lets nothing be fetched."""
    text = report_html(invented)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    assert script == (ROOT / "suite/formats/templates/report.js").read_text(encoding="utf-8")
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text


def test_the_same_report_is_the_same_page(invented: Report) -> None:
    """Nothing of the machine, the clock or chance is in it."""
    assert report_html(invented) == report_html(invented_report(steps=60, launches=2))


def test_every_cell_is_in_the_grid_in_the_tables_and_in_the_list(invented: Report) -> None:
    """A square leads to its cell; a failed one keeps its place in all three."""
    text = report_html(invented)
    (run,) = invented.runs

    for cell in run.cells:
        assert f'href="#cell-{cell}"' in text.split('class="grid"')[1].split("</table>")[0]
        assert text.count(f'data-cell="{cell}"') == 2
        assert text.count(f'id="cell-{cell}"') == 1
    assert len(run.cells) == 27
    for state, count in (("ok", 22), ("doubt", 2), ("failed", 2), ("none", 1)):
        assert len(re.findall(f'<details class="cell"[^>]*data-state="{state}"', text)) == count


def test_a_square_has_the_ratio_of_its_cell(invented: Report) -> None:
    """By the published estimator; its title says the state in words."""
    text = report_html(invented)
    (comparison,) = invented.comparisons
    (square,) = re.findall(
        r'<a class="square[^>]*href="#cell-inference-amp-bs64-1gpu"[^>]*>.*?</a>', text, re.DOTALL
    )
    (ratio,) = (
        cell.ratio(Metric.THROUGHPUT)
        for cell in comparison.cells
        if cell.cell_id == "inference-amp-bs64-1gpu"
    )

    assert ratio is not None
    assert f">{ratio:.2f}<" in square
    assert f'title="AMP, batch 64: {ratio:.3f}× of published: throttled, unsteady"' in square
    assert "Throughput of every cell, measured / published." in text


def test_the_verdict_says_what_is_to_be_known_first(invented: Report) -> None:
    """Counts, the typical ratio of sound cells, the best cells, and what to be careful about."""
    words = read(invented).text

    (comparison,) = invented.comparisons
    assert comparison.typical is not None
    assert comparison.typical.cells == 22
    assert "24 of 27 22 ok 2 doubted 2 failed 1 not measured" in words
    assert f"{comparison.typical.median:.2f}× throughput, median of 22 cells without doubt" in words
    assert (
        "Read with care: 2 cells out of memory, 1 cell skipped, 2 cells unsteady, 1 cell throttled;"
        " the published side is TensorFlow 1.15 of 2020."
    ) in words
    assert "AMP + XLA, batch 128 images / elapsed time" in words
    assert "27 cells, 2 launches each, 50 warm-up and 60 measured steps a launch." in words


def test_a_cell_opens_on_its_doubts_its_failure_and_its_command(invented: Report) -> None:
    """What it printed last, why there is no number, and how to run it again."""
    text = report_html(invented)

    def details(cell: str) -> str:
        inner = text.split(f'id="cell-{cell}"')[1].split("</details>")[0]
        return Page(f"<div {inner}").text

    throttled = details("inference-amp-bs64-1gpu")
    assert THROTTLED in throttled
    assert "Launch 1 of 2" in throttled
    assert "Launch 2 of 2" in throttled
    assert (
        "python -m suite.kernels --mode=inference_benchmark --amp --batch_size 64 --warmup_steps 50"
        " --num_iter 110 --iter_unit batch --results_dir ."
    ) in throttled
    failed = details("inference-fp32-bs128-1gpu")
    assert f"out of memory: {OUT_OF_MEMORY}. The cell was not changed and has no number." in failed
    assert f"Printed last 2026-11-26 W bfc {OUT_OF_MEMORY}" in failed


def test_numbers_beside_the_published_are_by_its_estimator(invented: Report) -> None:
    """And the details of a cell give both, each with its name."""
    (run,) = invented.runs
    result = run.cells["inference-amp-bs64-1gpu"]
    assert result.summary is not None
    words = read(invented).text

    elapsed, published = result.summary.images_per_second, result.summary.mean_of_rates
    assert f"{elapsed:.2f} img/s is images / elapsed time; {published:.2f} is the mean" in words
    assert f"measuredmeas.{published:.2f}" in words.replace(" ", "")


def test_on_other_hardware_nothing_is_judged(invented: Report) -> None:
    """No word, no band, no point beside a ratio, and no ratio in the grid."""
    run = invented_run(steps=60, launches=2)
    other = replace(run, header=replace(run.header, gpu="NVIDIA L4", device="NVIDIA L4"))
    page = report_html(
        assemble([other], [read_system(ROOT / "reference" / "t4.csv")], read_bands(BANDS_PATH))
    )

    assert 'class="forest' in report_html(invented)
    for of_the_same in ('class="forest', 'class="word', "1 cell without doubt"):
        assert of_the_same not in page
    words = Page(page).text
    assert "not judged the reference is for another device, NVIDIA T4 (1x T4 16G)" in words
    assert "A ratio tells how the two differ, not how well this machine does" in words
    assert "Throughput of every cell in img/s, images / elapsed time." in words


def test_a_run_that_nothing_was_published_for_says_so() -> None:
    """It has no tables of the page, and everything else."""
    page = read(assemble([make_run(make_launch(step_seconds=(0.1, 0.1)))]))

    assert "nothing published no published table has these cells" in page.text
    assert "1 cell, 1 launch each, 1 warm-up and 2 measured steps a launch." in page.text
    assert {"verdict", "cells", "environment", "hints"} <= set(page.ids)
    assert not {"tables", "reference"} & set(page.ids)


def test_a_run_without_any_number_has_a_page() -> None:
    """All of it failed, or nothing was launched at all."""
    failed = make_launch(status=Status.CRASHED, reason="ended by SIGSEGV")
    words = read(assemble([make_run(failed)])).text
    assert "0 of 1 1 failed" in words
    assert "ended by SIGSEGV" in words

    nothing = assemble([make_run(cells=("inference-fp32-bs1-1gpu",))])
    words = read(nothing).text
    assert "0 of 1 0 failed 1 not measured" in words
    assert "Without a record inference-fp32-bs1-1gpu: not run" in words


def test_damaged_records_are_named() -> None:
    """What they held is missing, and no other number says so."""
    lost = DamagedRecord(file="cells/training-fp32-bs8-1gpu.0.json", problem="cut short; remove it")
    run = replace(make_run(make_launch(step_seconds=(0.1, 0.1))), damaged=(lost,))
    words = read(assemble([run])).text

    assert "1 damaged record is left out" in words
    assert "cells/training-fp32-bs8-1gpu.0.json: damaged: cut short; remove it" in words


def test_several_runs_stand_one_after_the_other() -> None:
    """Each with its own ids, so that every link leads to its own run."""
    page = read(join([recorded_report(), recorded_report()]))

    assert {"run1-verdict", "run2-verdict", "run2-cells"} <= set(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_conditions_that_are_no_column_of_the_page_are_named() -> None:
    """Cells that differ in more than batch size stand in rows of their own."""
    cells = [
        make_cell(),
        make_cell(image_size=64),
        make_cell(mode=Mode.TRAINING, gpus=2, precision=Precision.AMP, xla=True),
    ]
    launches = [make_launch(cell=cell, step_seconds=(0.1, 0.1)) for cell in cells]
    words = read(assemble([make_run(*launches, gpu="Tesla T4")])).text

    assert "FP32, image size 64" in words
    assert "AMP + XLA, training, 2 GPUs" in words
    assert "python bench.py run mine --cell training-amp-xla-bs8-2gpu" in words


def test_a_quick_or_unfinished_run_says_so_before_any_number() -> None:
    """In the line of cautions."""
    run = make_run(make_launch(step_seconds=(0.1, 0.1)), cells=("inference-fp32-bs8-1gpu", "other"))
    quick = replace(run.header, protocol=quick_protocol(run.header.protocol))
    words = read(assemble([replace(run, header=quick)])).text

    assert (
        "Read with care: not finished: 1 of 2 launches have ended; quick protocol: a first look,"
        " not numbers to quote; one launch each, so no interval says how launches differ."
    ) in words


def test_a_whole_matrix_of_many_steps_stays_small() -> None:
    """198 cells of 1,000 steps: less than 5 MB, the steps included."""
    cells = [
        make_cell(batch_size=size, precision=precision, xla=xla)
        for size in range(1, 34)
        for precision in Precision
        for xla in (False, True)
    ]
    steps = tuple(0.1 + 0.0003 * (step * 7919 % 97) for step in range(1000))
    launches = [make_launch(cell=cell, step_seconds=steps) for cell in cells]

    assert len(cells) == 198
    assert len(report_html(assemble([make_run(*launches)]))) < 5_000_000


def test_every_condition_has_its_colour_and_shape() -> None:
    """In both themes, once each."""
    text = report_html(recorded_report())

    for look in LOOKS:
        assert f"--c-{look.slug}: {look.light};" in text
        assert f"--c-{look.slug}: {look.dark};" in text
        assert text.count(f'<symbol id="m-{look.slug}"') == 1
