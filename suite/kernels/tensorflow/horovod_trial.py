"""A program for the installer (`-m`): what can be imported here, or whether ranks can add.

`probe` prints which TensorFlow and Horovod can be imported, as JSON. `add`, started by mpirun on
every rank, has the ranks add their numbers.
"""

import json
import sys
from pathlib import Path

# Printed by rank 0 if the sum is correct, so that a silent exit is not taken for success.
CORRECT = "all-reduce is correct on {ranks} ranks"


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


def add() -> None:
    """Sum rank + 1 over all ranks with Horovod, and compare with the arithmetic.

    Raises:
        RuntimeError: there is only one rank, or the sum is wrong.
    """
    import horovod.tensorflow as hvd
    import tensorflow as tf

    hvd.init()
    ranks = hvd.size()
    expected = ranks * (ranks + 1) / 2
    total = hvd.allreduce(tf.fill((1024,), hvd.rank() + 1.0), op=hvd.Sum)
    if ranks < 2:
        raise RuntimeError("the ranks do not find each other: each is alone")
    if not bool(tf.reduce_all(total == expected)):
        raise RuntimeError(f"the sum over {ranks} ranks is {total[0]}, not {expected}")
    if hvd.rank() == 0:
        sys.stdout.write(CORRECT.format(ranks=ranks) + "\n")
    hvd.shutdown()


if __name__ == "__main__":
    if sys.argv[1:] == ["add"]:
        add()
    else:
        sys.stdout.write("\n" + json.dumps(probe()) + "\n")
