"""Environment variables that TensorFlow and MPI read once at their start; set by the parent."""

from suite.model.cell import Cell, Precision, XlaMode

# Open MPI's: whether a rank that waits for another yields its CPU.
MPI_YIELDS = "OMPI_MCA_mpi_yield_when_idle"


def launch_environment(cell: Cell, *, on_gpu: bool) -> dict[str, str]:
    """What a launch of this cell needs in its environment, on top of the user's own."""
    settings = {
        # Hides informational messages of TensorFlow and XLA; warnings and errors stay in the log.
        "TF_CPP_MIN_LOG_LEVEL": "1",
    }
    if on_gpu:
        # NVML numbers GPUs by PCI bus and CUDA the fastest first: the label must name the same one.
        settings["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        # As published. Dedicated threads launch the GPU's work, so that host work does not delay
        # it; and batch normalisation uses cuDNN's faster one-pass algorithm.
        settings["TF_GPU_THREAD_MODE"] = "gpu_private"
        settings["TF_USE_CUDNN_BATCHNORM_SPATIAL_PERSISTENT"] = "1"
    if on_gpu and cell.precision is Precision.FP32:
        # cuBLAS and cuDNN themselves: TensorFlow's own switch does not reach XLA's library calls.
        settings["NVIDIA_TF32_OVERRIDE"] = "0"
    if cell.gpus > 1 and not on_gpu:
        # Otherwise Open MPI busy-waits, here on the cores that compute.
        settings[MPI_YIELDS] = "1"
    if cell.xla_mode is XlaMode.AUTO_CLUSTERING:
        # As published. On a CPU TensorFlow clusters nothing unless told to.
        flags = ["--tf_xla_auto_jit=1", "--tf_xla_enable_lazy_compilation=false"]
        settings["TF_XLA_FLAGS"] = " ".join(
            flags if on_gpu else [*flags, "--tf_xla_cpu_global_jit"]
        )
    return settings
