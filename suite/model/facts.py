"""What really ran in a launch, as its record says under `conditions`."""

from dataclasses import dataclass, fields, replace

from suite.model.quantities import Count, Seconds
from suite.model.recipe import Recipe

# `input_staging` of batches that a step begins with copying to its device.
COPIED_INSIDE = "inside the step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What really ran, observed rather than declared. None means unknown or not applicable.

    A record has only the facts that are known.

    Device and arithmetic. `simulated` is true where a stand-in slept instead of computing.
    `device_type` is `CPU` or `GPU`; `gpu_uuid` the UUID of the GPU in CUDA, without NVML's prefix.
    `compute_type` is the type of all convolutions and matrix products, `xla_compute_type` the one
    that XLA uses in its place on a CPU. `float32_bits` are the mantissa bits that a float32
    convolution keeps (16 stands for all, TF32 keeps 10), `tf32` whether they are fewer than all,
    and `tf32_allowed` the framework's own switch.

    The executed graph. `xla` is `jit_compile`, `auto_clustering` or `off`, and `xla_clusters` the
    number of programs that XLA compiled. `layouts` are those of the convolutions. `transposes`
    (changes of layout), `convolutions`, `fused_batch_normalizations`, `casts`, `variable_reads`,
    `losses` (cross entropies) and `onednn_operations` are numbers of operations in one step.
    `all_reduces` are tensors averaged over ranks in a step, of the types `all_reduce_types`.

    The network. `parameters` counts its trainable numbers. `weights_sha256` is that of the file of
    its weights, if they are not new ones (see `TrainedNetwork`). `loss` is that of the last step,
    before its update. `loss_scaled` says whether gradients were computed from a scaled loss.
    `recipe` is that of a training step. `peak_bytes` is the most memory of the GPU that the
    framework's allocator gave out at once; it may have held more.

    The input. `input` names its source, and `input_staging` how a batch reached the device.
    `input_device` is where batches were made or kept, `input_shards` the files read by all ranks
    and `input_part` the part of them (`1 of 2`) that this rank reads. `input_interleaved_files` are
    read in turn, `input_interleaved_records` of each. `input_shuffled_records` is the size of the
    shuffle buffer. `input_parallel_decodes` and `input_threads` say how many images are decoded
    at once, `input_prefetch` how many batches are made ahead, and `input_decoder` how JPEGs are
    decoded. Of records read for training, `input_crop_min_area` is the smallest share of an image's
    area that random crops take, and `input_mirror` says whether they are mirrored at random.
    `input_wait_seconds` is how long the measured steps waited for their images, and
    `input_wait_share` that as a share of their time.

    Software. `intra_op_threads` and `inter_op_threads` size the framework's two pools of threads.
    `onednn` says whether oneDNN's kernels are on outside XLA, and `onednn_remedy` how they are
    switched on where they might be faster. `tensorflow`, `keras` and `horovod` are versions,
    `build_cuda` and `build_cudnn` those that TensorFlow was built for, and `libraries` those of
    NVIDIA's libraries that the process had loaded: `cudnn 9.19.0`.

    Ranks. `horovod_compression` is the type in which gradients crossed, `horovod_operations` what
    averaged them and `horovod_control` what coordinated the ranks. `mpi_yields_when_idle` says
    whether a rank that waits gave up its CPU.

    `layout` is Keras's image format, in records made before `layouts` were read from the graph.
    """

    simulated: bool | None = None
    device_type: str | None = None
    gpu_uuid: str | None = None
    compute_type: str | None = None
    xla_compute_type: str | None = None
    float32_bits: Count | None = None
    tf32: bool | None = None
    tf32_allowed: bool | None = None
    xla: str | None = None
    xla_clusters: Count | None = None
    layouts: tuple[str, ...] | None = None
    transposes: Count | None = None
    convolutions: Count | None = None
    fused_batch_normalizations: Count | None = None
    casts: Count | None = None
    variable_reads: Count | None = None
    losses: Count | None = None
    all_reduces: Count | None = None
    all_reduce_types: tuple[str, ...] | None = None
    onednn_operations: Count | None = None
    parameters: Count | None = None
    loss: float | None = None
    peak_bytes: Count | None = None
    weights_sha256: str | None = None
    loss_scaled: bool | None = None
    recipe: Recipe | None = None
    input: str | None = None
    input_staging: str | None = None
    input_device: str | None = None
    input_shards: Count | None = None
    input_part: str | None = None
    input_interleaved_files: Count | None = None
    input_interleaved_records: Count | None = None
    input_shuffled_records: Count | None = None
    input_parallel_decodes: Count | None = None
    input_threads: Count | None = None
    input_prefetch: str | None = None
    input_decoder: str | None = None
    input_crop_min_area: float | None = None
    input_mirror: bool | None = None
    input_wait_seconds: Seconds | None = None
    input_wait_share: float | None = None
    intra_op_threads: Count | None = None
    inter_op_threads: Count | None = None
    onednn: bool | None = None
    onednn_remedy: str | None = None
    tensorflow: str | None = None
    keras: str | None = None
    build_cuda: str | None = None
    build_cudnn: str | None = None
    libraries: tuple[str, ...] | None = None
    horovod: str | None = None
    horovod_ranks: Count | None = None
    horovod_compression: str | None = None
    horovod_operations: str | None = None
    horovod_control: str | None = None
    mpi_yields_when_idle: bool | None = None
    layout: str | None = None

    @property
    def known(self) -> dict[str, object]:
        """The facts that are known, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def __or__(self, other: "Facts") -> "Facts":
        """All that is known from either; where both know a fact, the other's counts."""
        return replace(self, **other.known)  # type: ignore[arg-type]
