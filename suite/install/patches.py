"""Changes to Horovod's source for what TensorFlow 2.21 no longer has.

* Headers that its XLA operations include. These are off by default, but compiled nevertheless.
* On a GPU, the function that returns a stream's CUDA handle; now a method of the stream.
"""

from pathlib import Path

from suite.install.tools import VERSION
from suite.model.errors import InputError

_XLA_OPERATIONS = (
    'list(APPEND TF_SOURCES "${PROJECT_SOURCE_DIR}/horovod/tensorflow/xla_mpi_ops.cc")\n'
)
_STREAM_OLD = """\
// Forward declaration of AsGpuStreamValue
namespace stream_executor {
namespace gpu {
GpuStreamHandle AsGpuStreamValue(Stream* stream);
} // namespace stream_executor
} // namespace gpu
#if TENSORFLOW_VERSION >= 2011000000
#include "tensorflow/compiler/xla/stream_executor/stream.h"
#else
#include "tensorflow/stream_executor/stream.h"
#endif // TENSORFLOW_VERSION >= 2011000000
"""
_STREAM_NEW = """\
#include "xla/stream_executor/stream.h"
namespace stream_executor {
namespace gpu {
inline GpuStreamHandle AsGpuStreamValue(Stream* stream) {
  return static_cast<GpuStreamHandle>(stream->platform_specific_handle().stream);
}
} // namespace gpu
} // namespace stream_executor
"""

# Source file -> a text in it, and its replacement.
PATCHES: dict[str, tuple[str, str]] = {
    "horovod/tensorflow/CMakeLists.txt": (_XLA_OPERATIONS, ""),
    "horovod/tensorflow/mpi_ops.cc": (_STREAM_OLD, _STREAM_NEW),
}


def patch(path: Path, old: str, new: str) -> None:
    """Replace a text that must be in the file exactly once.

    Raises:
        InputError: the file is missing or is not the one that the patch was made for.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); this is not Horovod as published"
        ) from None
    if text.count(old) != 1:
        raise InputError(
            f"{path}: contains the text to be replaced {text.count(old)} times, not once:"
            f" {old.strip()!r}; this is not Horovod {VERSION} as published"
        )
    path.write_text(text.replace(old, new), encoding="utf-8")
