"""Evaluating, exporting and predicting by the published scripts' flags, as words of `bench.py`."""

from collections.abc import Mapping
from typing import Any

from suite.model.axis import Axis, text_of
from suite.model.cell import AXES
from suite.model.errors import InputError
from suite.run.flag_table import FLAGS, NetworkMode, settings_of
from suite.run.training_flags import refuse_ranks

# Axes that are as the flags have them, by default as well, and those that else are the training's.
_SAID = ("xla", "layout")
_OWN = ("xla_mode", "batch_size", "image_size", "graph")
_USED = {
    NetworkMode.EVALUATE: {
        *("mode", "model_dir", "results_dir", "export_dir", "data_dir", "data_idx_dir", "dali"),
        *("amp", "tf32", "decode_threads"),
        *(name for axis in (*_SAID, *_OWN) for name in FLAGS[f"cell.{axis}"].arguments()),
    },
    NetworkMode.PREDICT: {"mode", "model_dir", "results_dir", "to_predict"},
}
# The published scripts are given these in every mode.
_IN_VAIN = {
    NetworkMode.EVALUATE: {"warmup_steps", "num_iter", "iter_unit"},
    NetworkMode.PREDICT: {"warmup_steps", "num_iter", "iter_unit", "batch_size"},
}


def network_notes(given: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """What to tell of flags that the published scripts take in vain.

    Raises:
        InputError: a flag has no use in this mode, or this process is one of several.
    """
    mode: NetworkMode = given["mode"]
    refuse_ranks(given, environment)
    for name in given:
        if name not in _USED[mode] | _IN_VAIN[mode]:
            raise InputError(f"--{name} changes nothing of --mode={mode.value}; leave it out")
    told = sorted(_IN_VAIN[mode] & set(given))
    return [f"--{name} changes nothing of --mode={mode.value}" for name in told]


def evaluation_words(given: Mapping[str, Any]) -> list[str]:
    """The words of `bench.py evaluate` that do what the flags say."""
    values = settings_of(given)
    directory = network_directory(given)
    words = ["evaluate", directory, "--out", given.get("results_dir", directory), "--wait"]
    words += ["--precision", values["cell.precision"].value]
    for name in ("data_dir", "data_idx_dir"):
        if name == "data_dir" or "dali" in given:
            words += [f"--{name}", given[name]] if name in given else []
    axes = [axis for axis in (*_SAID, *_OWN) if axis in _SAID or _is_given(AXES[axis], given)]
    settings = {axis: values[f"cell.{axis}"] for axis in axes}
    settings["data"] = "dali" if "dali" in given else "tfrecord"
    if "decode_threads" in given:
        settings["decode_threads"] = given["decode_threads"]
    for name, value in settings.items():
        text = str(value).lower() if isinstance(value, bool) else text_of(value)
        words += ["--set", f"{name}={text}"]
    return words


def export_words(given: Mapping[str, Any]) -> list[str]:
    """The words of `bench.py export` that --export_dir asks for."""
    return ["export", network_directory(given), "--out", given["export_dir"]]


def prediction_words(given: Mapping[str, Any]) -> list[str]:
    """The words of `bench.py predict` that do what the flags say.

    Raises:
        InputError: there is no image to predict.
    """
    if "to_predict" not in given:
        raise InputError("--mode=predict: give --to_predict IMAGE, a JPEG or PNG file")
    return ["predict", given["to_predict"], "--model", network_directory(given)]


def network_directory(given: Mapping[str, Any]) -> str:
    """The training directory that is meant, as for a training."""
    found: str = given.get("model_dir") or settings_of(given)["results_dir"]
    return found


def _is_given(axis: Axis, given: Mapping[str, Any]) -> bool:
    return any(name in given for name in axis.flag.arguments())
