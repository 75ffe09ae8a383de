"""report.html in Chromium: what a reader sees, clicks and prints, on a desktop and on a phone."""

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.formats.html.page import report_html
from suite.model.cell import Cell, Precision
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.store.references import read_system, reference_path

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = pytest.mark.browser

DESKTOP = (1280, 800)
PHONE = (390, 844)
OPENED = "inference-amp-bs8-1gpu"
# Images per second of the AMP cells: not in the order of their batch sizes.
AMP_RATES = {1: 150.0, 2: 90.0, 8: 1150.0, 32: 700.0}

# Expressions of the page: columns that do not fit the window, and what is behind its text.
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BACKGROUND = """
    [document.body, document.documentElement]
        .map((element) => getComputedStyle(element).backgroundColor)
        .find((colour) => colour !== "rgba(0, 0, 0, 0)")
"""


def measured(cell: Cell, seconds: float, **facts: Any) -> Launch:
    """A launch whose steps vary by a percent."""
    steps = tuple(seconds * (0.99 + 0.002 * (step * 7 % 11)) for step in range(40))
    return make_launch(cell=cell, warmup_seconds=(seconds * 2,), step_seconds=steps, **facts)


def page() -> str:
    """The page of a run with a cell in every state, beside the published T4."""
    launches = [
        measured(make_cell(precision=Precision.AMP, batch_size=size), size / rate)
        for size, rate in AMP_RATES.items()
    ]
    doubt = Caution(CautionKind.THROTTLED, "it was too hot; cool it")
    launches += [
        measured(make_cell(batch_size=1), 0.008),
        measured(make_cell(batch_size=8), 0.025, cautions=(doubt,)),
        make_launch(cell=make_cell(batch_size=256), status=Status.OUT_OF_MEMORY, reason="too big"),
        make_launch(
            cell=make_cell(precision=Precision.TF32), status=Status.SKIPPED, reason="needs Ampere"
        ),
    ]
    return report_html(assemble([make_run(*launches)], [read_system(reference_path("t4"))]))


def luminance(colour: str) -> float:
    """How bright a colour of a style is, from 0 to 255."""
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@dataclass(frozen=True, slots=True)
class Page:
    """The page in a browser."""

    driver: "Chrome"
    url: str

    def open(
        self, size: tuple[int, int] = DESKTOP, *, theme: str = "light", script: bool = True
    ) -> None:
        """Load it anew, as for a first visit."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1}
        self._command("Emulation.setDeviceMetricsOverride", **screen, mobile=size == PHONE)
        self._command("Emulation.setScriptExecutionDisabled", value=not script)
        self.emulate("screen", theme)
        self.driver.get("about:blank")
        for kind in ("browser", "performance"):
            self._log(kind)  # forgets what was said until now
        self.driver.get(self.url)

    def emulate(self, media: str, theme: str) -> None:
        """Show it on a screen or on paper, on a system with a theme."""
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self._command("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def pdf(self) -> bytes:
        """What the browser prints, as a file."""
        return base64.b64decode(self._command("Page.printToPDF", printBackground=True)["data"])

    def all(self, selector: str) -> "list[WebElement]":
        """Every element that matches, seen or not."""
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> "WebElement":
        """The only element that matches."""
        (found,) = self.all(selector)
        return found

    def click(self, selector: str) -> None:
        """Click the only element that matches, wherever on the page it is."""
        element = self.one(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def cells(self, selector: str = "details.cell") -> list[str]:
        """The ids of the cells that a reader can see, in their order."""
        return [
            str(element.get_attribute("data-cell"))
            for element in self.all(selector)
            if element.is_displayed()
        ]

    def requests(self) -> list[str]:
        """The addresses that the page has asked for."""
        messages = (json.loads(entry["message"])["message"] for entry in self._log("performance"))
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What the browser has put into its console."""
        return [entry["message"] for entry in self._log("browser")]

    def value(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self._command("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"]["value"]

    def _command(self, name: str, **values: Any) -> Any:
        """Of Chromium's own protocol."""
        return self.driver.execute_cdp_cmd(name, values)

    def _log(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return found


@pytest.fixture(scope="module")
def browser() -> Iterator["Chrome"]:
    """Chromium as Debian installs it, without a window."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")  # a container has little of it
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which root cannot have
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options, ChromeService(str(shutil.which("chromedriver"))))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def shown(browser: "Chrome", tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page as a file, not yet opened."""
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(), encoding="utf-8")
    return Page(browser, path.as_uri())


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_loads_alone_and_without_complaint(
    shown: Page, size: tuple[int, int], theme: str
) -> None:
    """It asks for nothing but itself, and the console stays empty: no error, nothing blocked."""
    shown.open(size, theme=theme)

    assert shown.requests() == [shown.url]
    assert shown.complaints() == []
    assert shown.cells()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
def test_the_page_is_as_wide_as_the_window(shown: Page, size: tuple[int, int]) -> None:
    """Nobody scrolls sideways, also where every cell is open; wide tables scroll by themselves."""
    shown.open(size)
    for details in shown.all("details.cell"):
        shown.driver.execute_script("arguments[0].open = true", details)

    assert size[0] - 20 < shown.value("document.documentElement.clientWidth") <= size[0]
    assert shown.value(OVERFLOW) == 0


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_square_opens_its_cell(shown: Page, *, script: bool) -> None:
    """The grid leads to the steps of a cell: its details open, and no others."""
    shown.open(script=script)
    assert not shown.all("details[open]")
    shown.click(f"a.square[href='#cell-{OPENED}']")
    (opened,) = shown.all("details[open]")

    assert opened.get_attribute("data-cell") == OPENED
    assert shown.one(f"[id='cell-{OPENED}'] svg.steps").is_displayed()


def test_a_column_is_sorted_up_down_and_not_at_all(shown: Page) -> None:
    """The first press sorts, the second turns it round, the third restores the matrix's order."""
    shown.open()
    rows = "table.sortable tbody[data-look=amp]"
    title = shown.all("table.sortable:has(tbody[data-look=amp]) th[data-sort=throughput]")[0]
    orders, said = [shown.cells(rows)], [title.get_attribute("aria-sort")]
    for _ in range(3):
        title.find_element("css selector", "button").click()
        orders.append(shown.cells(rows))
        said.append(title.get_attribute("aria-sort"))
    slowest_first = sorted(AMP_RATES, key=AMP_RATES.__getitem__)
    expected = [f"inference-amp-bs{size}-1gpu" for size in slowest_first]

    assert orders == [orders[0], expected, expected[::-1], orders[0]]
    assert orders[0] not in (expected, expected[::-1])
    assert said == [None, "ascending", "descending", None]


@pytest.mark.parametrize(
    ("button", "gone"),
    [
        ("[data-filter=look][data-value=amp]", "amp"),
        ("[data-filter=state][data-value=doubt]", "fp32-bs8"),
        ("[data-filter=state][data-value=failed]", "fp32-bs256"),
        ("[data-filter=state][data-value=none]", "tf32"),
    ],
)
def test_cells_are_filtered_by_condition_and_by_state(shown: Page, button: str, gone: str) -> None:
    """A button hides its cells in every list and says that it is off; the last one shows all."""
    shown.open()
    every = shown.cells()
    left = [cell for cell in every if gone not in cell]
    shown.click(button)
    pressed = shown.one(button).get_attribute("aria-pressed")
    filtered, rows = shown.cells(), shown.cells("tbody.cell")
    told = shown.one(".told").text
    shown.click("[data-filter=clear]")

    assert pressed == "false"
    assert filtered == left != every
    assert told == f"{len(left)} of {len(every)} cells shown"
    assert not [cell for cell in rows if gone in cell]
    assert shown.cells() == every


def test_cells_are_filtered_by_text(shown: Page) -> None:
    """What is typed is looked for in the cells' ids, in any case, together with the buttons."""
    shown.open()
    shown.one("input[type=search]").send_keys("BS8-")
    typed = shown.cells()
    shown.click("[data-filter=look][data-value=amp]")

    assert typed == ["inference-amp-bs8-1gpu", "inference-fp32-bs8-1gpu", "inference-tf32-bs8-1gpu"]
    assert shown.cells() == typed[1:]


def test_sorting_and_filtering_survive_each_other(shown: Page) -> None:
    """A row that was hidden stays hidden when a column is sorted."""
    shown.open()
    rows = "table.sortable tbody[data-look=amp]"
    shown.one("input[type=search]").send_keys("bs2-")
    for button in shown.all("table.sortable th[data-sort=batch] button"):
        button.click()

    assert shown.cells(rows) == ["inference-amp-bs2-1gpu"]


def test_the_page_prints(shown: Page) -> None:
    """On paper it has several pages, in light colours also where the reader chose dark ones."""
    shown.open(theme="dark")
    for _ in range(2):  # auto, light, dark
        shown.click("button.theme")
    pdf = shown.pdf()
    shown.emulate("print", "dark")

    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2
    assert luminance(shown.value(BACKGROUND)) > 250
    assert luminance(shown.one("p.sub").value_of_css_property("color")) < 120
    assert luminance(shown.all("p.note")[0].value_of_css_property("color")) < 120
    assert not shown.one(".filters").is_displayed()


def test_the_theme_follows_the_system_and_the_reader(shown: Page) -> None:
    """Dark where the system is, unless the reader chooses."""
    brightness = {}
    for theme in ("light", "dark"):
        shown.open(theme=theme)
        brightness[theme] = luminance(shown.value(BACKGROUND))
    for _ in range(2):  # auto, light, dark
        shown.click("button.theme")

    assert brightness["dark"] < 60
    assert brightness["light"] > 200
    assert shown.one("button.theme").text == "Theme: dark"


def test_everything_can_be_read_without_javascript(shown: Page) -> None:
    """All but sorting and filtering is there, and what needs a script hides."""
    shown.open()
    with_script = shown.cells(), shown.cells("tbody.cell")
    shown.open(script=False)

    assert (shown.cells(), shown.cells("tbody.cell")) == with_script
    assert not [found for found in shown.all(".needs-script") if found.is_displayed()]
    assert not shown.all("th button")
    shown.all("details.cell > summary")[0].click()
    assert shown.one("details[open] .command").is_displayed()


def test_cells_are_put_in_another_order(shown: Page) -> None:
    """The list of cells goes by throughput, the fastest first, those without a number last."""
    shown.open()
    shown.one("select[data-order] option[value=rate]").click()
    *ordered, failed, skipped = (cell.removeprefix("inference-") for cell in shown.cells())

    assert ordered == [
        "amp-bs8-1gpu", "amp-bs32-1gpu", "fp32-bs8-1gpu", "amp-bs1-1gpu", "fp32-bs1-1gpu",
        "amp-bs2-1gpu",
    ]  # fmt: skip
    assert {failed, skipped} == {"fp32-bs256-1gpu", "tf32-bs8-1gpu"}
