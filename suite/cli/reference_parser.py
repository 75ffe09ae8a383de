"""The flags of `bench.py reference`, separate from the verb so that `--help` stays quick."""

import argparse

from suite.cli.verb_parser import Verbs, add_verb
from suite.model.systems import SYSTEMS
from suite.store.flags import path, path_text


def add_reference(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verb; the chosen action is in `action`."""
    text = "list, show, audit or import the published tables"
    parser = add_verb(verbs, "reference", text, ("reference", "show", "t4"))
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)

    add_verb(actions, "list", "list every published table", ("reference", "list"))

    text = "print a system's tables in the page's layout"
    show = add_verb(actions, "show", text, ("reference", "show", "t4", "--format", "markdown"))
    show.add_argument(
        "table",
        type=path_text,
        metavar="CSV",
        help=f"{', '.join(system.key for system in SYSTEMS)}, or a CSV file in their form",
    )
    show.add_argument(
        "--format",
        choices=("terminal", "markdown"),
        default="terminal",
        help="(default: %(default)s)",
    )

    text = "recompute what the page derives from its own tables, and show what disagrees"
    audit = add_verb(actions, "audit", text, ("reference", "audit"))
    audit.add_argument(
        "--write-bands",
        action="store_true",
        help="write the derived tolerance bands to reference/bands.csv",
    )

    text = "make the CSV files under reference/ from the page's text"
    importing = add_verb(actions, "import", text, ("reference", "import", "page.txt"))
    importing.add_argument(
        "page", type=path, metavar="FILE", help="the published page, saved as text"
    )
    importing.add_argument(
        "--out", type=path, metavar="DIR", help="folder to write into (default: reference/)"
    )
