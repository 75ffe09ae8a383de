"""suite.formats.reference_audit: the published tables held against themselves."""

from pathlib import Path

from suite.analysis.audit import audit
from suite.formats.reference_audit import audit_text
from suite.formats.reference_tables import reference_list
from suite.model.systems import SYSTEMS
from suite.store.references import (
    published_reference,
    published_scaling,
    published_times,
    read_system,
    reference_path,
)

DATA = Path(__file__).parents[1] / "data"
NAMES = [system.key for system in SYSTEMS]


def test_the_audit_of_the_page_is_the_recorded_document() -> None:
    """Every finding has its numbers, in the digits of the page."""
    tables = {name: published_reference(name) for name in NAMES}
    findings = audit(tables, published_scaling(), published_times())

    recorded = (DATA / "reference_audit.txt").read_text(encoding="utf-8")
    assert recorded.startswith(audit_text(findings) + "\n")


def test_the_list_of_tables_is_the_recorded_document() -> None:
    """Every published table has a line."""
    listed = reference_list(read_system(reference_path(name)) for name in NAMES)

    recorded = (DATA / "reference_list.txt").read_text(encoding="utf-8")
    assert recorded.startswith(listed + "\n")
