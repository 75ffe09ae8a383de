"""The flags of `bench.py baseline`, separate from the verb so that `--help` stays quick."""

import argparse

from suite.cli.verb_parser import Verbs, add_verb
from suite.store.flags import path


def add_baseline(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verb; the chosen action is in `action`."""
    text = "store runs as what later runs are held to, and show what is stored"
    parser = add_verb(verbs, "baseline", text, ("baseline", "show", "baselines/t4.json"))
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)

    text = "make a baseline of one run or several of the same matrix and conditions"
    save = add_verb(
        actions,
        "save",
        text,
        ("baseline", "save", "t4.json", "--run", "reports/run-a", "--why", "release 1.4"),
    )
    _add_file(save, "the file to make")
    save.add_argument(
        "--run",
        type=path,
        action="append",
        required=True,
        dest="runs",
        metavar="RUN",
        help="directory of a finished run; each is a session, so several tell how days differ",
    )
    _add_log(save)

    text = "show sessions, cells, how far launches and days differ, and the log"
    show = add_verb(actions, "show", text, ("baseline", "show", "baselines/t4.json"))
    _add_file(show, "a baseline, or a run directory as a baseline of one session")
    show.add_argument("--json", action="store_true", help="the same as JSON")

    text = "add a run to a baseline as its newest session, or start it anew from the run"
    update = add_verb(
        actions,
        "update",
        text,
        ("baseline", "update", "t4.json", "--run", "reports/run-b", "--why", "nightly"),
    )
    _add_file(update, "the baseline")
    update.add_argument(
        "--run", type=path, required=True, metavar="RUN", help="directory of a finished run"
    )
    update.add_argument(
        "--replace",
        action="store_true",
        help="keep nothing but the log: for a new driver, TensorFlow or protocol",
    )
    _add_log(update)


def _add_file(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("file", type=path, metavar="FILE", help=text)


def _add_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--why", type=_worded, required=True, metavar="TEXT", help="the reason, for the log"
    )
    parser.add_argument(
        "--who",
        type=_worded,
        metavar="NAME",
        help="your name, for the log (default: that of git, else of your login)",
    )


def _worded(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; write a few words")
    return text.strip()
