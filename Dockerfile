# The suite in a container, with Horovod and DALI. The default base is NVIDIA's own TensorFlow
# image, which brings these as well as TensorFlow, CUDA, NCCL and Open MPI:
#
#     docker build -t resnet50-bench .
#     docker run --rm --gpus all --ipc host -v "$PWD/reports:/suite/reports" resnet50-bench \
#         run matrices/t4_inference.yaml
#
# A machine without a GPU needs no CUDA; there Horovod is built for the TensorFlow installed, on any
# Debian or Ubuntu with Python 3.10 to 3.13 (debian:12, ubuntu:24.04), or on Python's own image:
#
#     docker build -t resnet50-bench:cpu \
#         --build-arg BASE_IMAGE=python:3.13-slim --build-arg EXTRA=cpu .
ARG BASE_IMAGE=nvcr.io/nvidia/tensorflow:25.02-tf2-py3
FROM ${BASE_IMAGE}

# cpu or gpu installs TensorFlow as well; empty where the base image has it.
ARG EXTRA=""

# Debian's and Ubuntu's own Python lets pip install into itself only where it is told to.
ENV PIP_BREAK_SYSTEM_PACKAGES=1
WORKDIR /suite
# Before the suite itself, so that a change of it does not install them anew.
COPY suite/install/packages.sh suite/install/packages.txt suite/install/
RUN bash suite/install/packages.sh python horovod hosts revisions && rm -rf /var/lib/apt/lists/*

COPY pyproject.toml README.md bench.py ./
COPY suite suite
COPY matrices matrices
COPY recipes recipes
COPY reference reference
# Downloads and builds stay in the builder's cache, outside the image.
RUN --mount=type=cache,target=/root/.cache \
    python3 -m pip install -e ".${EXTRA:+[${EXTRA}]}" \
    && bash suite/install/components.sh python3 \
    && python3 bench.py --version

VOLUME /suite/reports
ENTRYPOINT ["python3", "bench.py"]
CMD ["--help"]
