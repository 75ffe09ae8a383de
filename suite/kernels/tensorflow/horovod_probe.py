"""Run as a program (`-m`): which TensorFlow and Horovod can be imported here, as JSON."""

import json
import sys
from pathlib import Path


def probe() -> dict[str, object]:
    """What this process can import; an `..._error` says why something fails.

    Keys: `tensorflow` and `horovod` (versions, or None), `cuda` (whether this TensorFlow is built
    for NVIDIA GPUs), `built_for` (the TensorFlow that Horovod was built for, if it says), `mpi`,
    `gloo` and `nccl` (what Horovod was built with).
    """
    found: dict[str, object] = {}
    try:
        import tensorflow as tf
    except ImportError as error:
        return {"tensorflow": None, "tensorflow_error": _line(error), "horovod": None}
    found["tensorflow"] = tf.__version__
    found["cuda"] = bool(tf.test.is_built_with_cuda())
    try:
        import horovod
        import horovod.tensorflow as hvd
    except ModuleNotFoundError as error:
        # Not being installed is not an error.
        reason = "" if error.name == "horovod" else _line(error)
        return found | {"horovod": None, "horovod_error": reason}
    # A build for another TensorFlow fails in the loader, with various errors.
    except Exception as error:  # noqa: BLE001
        return found | {"horovod": None, "horovod_error": _line(error)}
    metadata = Path(horovod.__file__).with_name("metadata.json")
    return found | {
        "horovod": horovod.__version__,
        "built_for": json.loads(metadata.read_text()).get("tensorflow")
        if metadata.exists()
        else None,
        "mpi": bool(hvd.mpi_built()),
        "gloo": bool(hvd.gloo_built()),
        "nccl": bool(hvd.nccl_built()),
    }


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(probe()) + "\n")
