"""Flags of the published code that have another name here, or no counterpart."""

from collections.abc import Mapping, Sequence

from suite.model.errors import InputError

# Older and shorter names that the published code takes as well.
_SAME: Mapping[str, str] = {
    "--use_xla": "--xla",
    "--use_tf_amp": "--amp",
    "--use_dali": "--dali",
    "--use_cosine": "--cosine_lr",
    "--use_cosine_lr": "--cosine_lr",
    "--cosine": "--cosine_lr",
    "--loss_scale": "--static_loss_scale",
}

_QUANTIZING = "the benchmarks do not quantise"
_OFF = "that is the default"
# The published flag and why it is left out here, or what to give instead.
_OTHERS: Mapping[str, str] = {
    "--arch": "resnet50 is the only network here",
    "--run_iter": "all of --num_iter is done; --max_seconds ends a training before, and the same"
    " command goes on",
    "--finetune_checkpoint": "a training begins with new weights",
    "--log_filename": "names of files are fixed: <cell id>.<launch>.json, or those of a training",
    "--display_every": "every step is in the record",
    "--gpu_memory_fraction": "TensorFlow takes GPU memory as it needs it",
    "--gpu_id": "set CUDA_VISIBLE_DEVICES to the GPU's number before the command",
    "--cpu": "set CUDA_VISIBLE_DEVICES to nothing before the command",
    "--precision": "--amp is fp16, and its absence fp32",
    "--use_static_loss_scaling": "--static_loss_scale 128 is the default, and -1 the dynamic one",
    "--use_final_conv": "the published tables have the dense layer",
    "--quantize": _QUANTIZING,
    "--quant_delay": _QUANTIZING,
    "--use_qdq": _QUANTIZING,
    "--symmetric": _QUANTIZING,
    "--nouse_xla": _OFF,
    "--nouse_tf_amp": _OFF,
    "--nouse_dali": _OFF,
    "--nouse_cosine_lr": _OFF,
    "--nouse_static_loss_scaling": "give --static_loss_scale -1",
}


# The one value that says nothing new.
_ONLY_NETWORK = ("--arch", "resnet50")


def own_names(arguments: Sequence[str]) -> list[str]:
    """The arguments with each published flag under the name that it has here.

    Raises:
        InputError: a published flag that has no counterpart.
    """
    named = []
    rest = iter(arguments)
    for argument in rest:
        flag, equals, value = argument.partition("=")
        if flag == _ONLY_NETWORK[0]:
            value = value if equals else next(rest, "")
        if (flag, value) == _ONLY_NETWORK:
            continue
        if flag in _OTHERS:
            raise InputError(f"{flag} is left out here: {_OTHERS[flag]}")
        named.append(f"{_SAME.get(flag, flag)}{equals}{value}")
    return named
