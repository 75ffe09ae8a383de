"""`bench.py reference`: list, show and audit the published tables, or import them from the page."""

import argparse

from suite.analysis.audit import audit
from suite.analysis.bands import Band
from suite.cli.terminal import text_width
from suite.formats.reference_audit import audit_text
from suite.formats.reference_tables import reference_list, reference_text
from suite.formats.tables import Dialect
from suite.model.errors import ExitCode
from suite.model.systems import SYSTEMS
from suite.model.text import bench, shown
from suite.store.import_published import import_page
from suite.store.references import (
    BANDS_PATH,
    REFERENCE_DIRECTORY,
    published_reference,
    published_scaling,
    published_times,
    read_bands,
    read_system,
    reference_path,
    write_bands,
)

PUBLISHED = tuple(system.key for system in SYSTEMS)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do the action asked for."""
    actions = {"list": _list, "show": _show, "audit": _audit, "import": _import}
    actions[arguments.action](arguments)
    return ExitCode.GOOD


def _list(_arguments: argparse.Namespace) -> None:
    tables = (read_system(reference_path(name)) for name in PUBLISHED)
    print(reference_list(tables, text_width()))
    print(f"\nnext: {bench('reference', 'show', 't4')}")


def _show(arguments: argparse.Namespace) -> None:
    reference = read_system(reference_path(arguments.table))
    print(reference_text(reference, Dialect[arguments.format.upper()], text_width()))


def _audit(arguments: argparse.Namespace) -> None:
    tables = {name: published_reference(name) for name in PUBLISHED}
    findings = audit(tables, published_scaling(), published_times())
    print(audit_text(findings, text_width()))
    if arguments.write_bands:
        write_bands(BANDS_PATH, findings.bands)
        print(f"\nwritten: {BANDS_PATH}")
    else:
        print(f"\n{_bands_remark(findings.bands)}")


def _import(arguments: argparse.Namespace) -> None:
    for path in import_page(arguments.page, arguments.out or REFERENCE_DIRECTORY):
        print(f"written: {shown(str(path))}")


def _bands_remark(derived: tuple[Band, ...]) -> str:
    name = f"reference/{BANDS_PATH.name}"
    if not BANDS_PATH.exists():
        return f"{name} is missing; --write-bands writes it with these bands."
    if read_bands(BANDS_PATH) == derived:
        return f"{name} holds these bands."
    return f"{name} holds other bands, which are used; --write-bands replaces them with these."
