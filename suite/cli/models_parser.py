"""The flags of the verbs that use a trained network."""

import argparse
from pathlib import Path

from suite.cli.data_parser import add_data_directories
from suite.cli.training_parser import PRECISIONS
from suite.cli.verb_parser import Verbs, add_verb
from suite.model.cell import IMAGE_SIZES
from suite.model.flag_values import whole
from suite.store.flags import path

_NETWORK = (
    "a training directory, of which the checkpoint with the best top-1 is taken; or a .ckpt file"
    " or an exported .keras file"
)


def add_evaluate(verbs: "Verbs[argparse.ArgumentParser]", reports: Path) -> None:
    """Add the verb."""
    parser = add_verb(
        verbs,
        "evaluate",
        "top-1 and top-5 of a trained network, every validation image once",
        ("evaluate", "reports/my-train", "--data_dir", "images"),
        ("evaluate", "reports/my-train", "--data_dir", "images", "--precision", "amp"),
        ("evaluate", "reports/my-train", "--data_dir", "images", "--agreement"),
    )
    parser.add_argument("training", type=path, metavar="TRAINING", help=_NETWORK)
    parser.add_argument(
        "--out",
        type=path,
        default=reports,
        metavar="DIR",
        help="folder in which the directory of the evaluation is made (default: %(default)s)",
    )
    add_data_directories(parser)
    add = parser.add_argument_group(
        "how it is evaluated, by one process on one device"
    ).add_argument
    add(
        "--precision",
        choices=PRECISIONS,
        metavar="NAME",
        help="fp32, tf32 or amp (default: that of the training)",
    )
    add(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="in place of what the training had: batch_size, image_size, data, xla, xla_mode,"
        " layout, graph or decode_threads; may be given several times",
    )
    add(
        "--agreement",
        action="store_true",
        help="evaluate in FP32 and by each variant (TF32, AMP, XLA, frozen graph, NCHW) and"
        " compare the classes of each image; exit 3 if more differ than rounding explains",
    )
    add = parser.add_argument_group("the device").add_argument
    add("--wait", action="store_true", help="wait while another run uses the device")


def add_predict(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = add_verb(
        verbs,
        "predict",
        "the five likeliest classes of images by a trained network",
        ("predict", "cat.jpg", "dog.png", "--model", "reports/my-train"),
    )
    parser.add_argument(
        "images", nargs="+", type=path, metavar="IMAGE", help="JPEG or PNG files, of any size"
    )
    parser.add_argument("--model", type=path, required=True, metavar="TRAINING", help=_NETWORK)
    _add_image_size(parser)
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def add_export(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = add_verb(
        verbs,
        "export",
        "write a trained network as model.keras and saved_model/",
        ("export", "reports/my-train", "--out", "model"),
    )
    parser.add_argument("training", type=path, metavar="TRAINING", help=_NETWORK)
    parser.add_argument("--out", type=path, required=True, metavar="DIR", help="a new directory")
    _add_image_size(parser)


def _add_image_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--image_size",
        type=whole(IMAGE_SIZES),
        metavar="PIXELS",
        help="side of the images that the network takes (default: that of its training)",
    )
