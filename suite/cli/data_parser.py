"""The flags of `bench.py data`, apart from the verb so that `--help` stays quick."""

import argparse
import re

from suite.core.flag_values import count, positive_count
from suite.files.flags import path, path_text


def add_data(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb; the chosen action is in `action`."""
    text = "make, index or check TFRecords in ImageNet's layout"
    parser = verbs.add_parser("data", help=text, description=text, allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text, allow_abbrev=False)

    make = add("make", "write a small data set of made-up images")
    make.add_argument("--out", type=path, required=True, metavar="DIR", help="a new directory")
    make.add_argument(
        "--images",
        type=positive_count,
        required=True,
        metavar="N",
        help="training images, and as many validation images",
    )
    make.add_argument("--size", type=_size, default=(500, 375), metavar="WxH", help="(500x375)")
    make.add_argument(
        "--shards",
        type=positive_count,
        default=4,
        metavar="K",
        help="files per split (%(default)s)",
    )
    make.add_argument("--seed", type=count, default=0, help="(default: %(default)s)")

    index = add("index", "make the index files that DALI needs, and check them")
    index.add_argument("directory", type=path, metavar="DIR", help="directory of the shards")
    index.add_argument(
        "--out", type=path, metavar="IDXDIR", help="where they go (default: DIR/index)"
    )

    check = add("check", "read and decode every record; the first bad one is an error")
    check.add_argument("directory", type=path, metavar="DIR", help="directory of the shards")
    check.add_argument(
        "--index", type=path, metavar="IDXDIR", help="DALI's index (default: DIR/index, if there)"
    )


def add_data_directories(parser: argparse.ArgumentParser) -> None:
    """Add the flags that give a matrix's cells their records."""
    add = parser.add_argument
    add("--data_dir", type=path_text, metavar="DIR", help="TFRecords, for cells that read them")
    add("--data_idx_dir", type=path_text, metavar="DIR", help="their index, for cells of DALI")


def _size(text: str) -> tuple[int, int]:
    """Width and height in pixels; 16 is the smallest block that a JPEG with halved colour has."""
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if not found or min(map(int, found.groups())) < 16:
        raise argparse.ArgumentTypeError(f"{text} is not WIDTHxHEIGHT from 16x16, such as 500x375")
    return int(found[1]), int(found[2])
