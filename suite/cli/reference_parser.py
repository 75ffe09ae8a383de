"""The flags of `bench.py reference`, separate from the verb so that `--help` stays quick."""

import argparse

from suite.model.systems import SYSTEMS
from suite.store.flags import path, path_text


def add_reference(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb; the chosen action is in `action`."""
    text = "list, show, audit or import the published tables"
    parser = verbs.add_parser("reference", help=text, description=text, allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text, allow_abbrev=False)

    add("list", "list every published table")

    show = add("show", "print a system's tables in the page's layout")
    show.add_argument(
        "table",
        type=path_text,
        help=f"{', '.join(system.key for system in SYSTEMS)}, or a CSV file in their form",
    )
    show.add_argument(
        "--format",
        choices=("terminal", "markdown"),
        default="terminal",
        help="(default: %(default)s)",
    )

    audit = add(
        "audit", "recompute what the page derives from its own tables, and show what disagrees"
    )
    audit.add_argument(
        "--write-bands",
        action="store_true",
        help="write the derived tolerance bands to reference/bands.csv",
    )

    importing = add("import", "make the CSV files under reference/ from the page's text")
    importing.add_argument("page", type=path, help="the published page, saved as text")
    importing.add_argument(
        "--out", type=path, metavar="DIR", help="folder to write into (default: reference/)"
    )
