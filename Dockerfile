# The suite in a container. The default base is NVIDIA's own TensorFlow image, which brings
# TensorFlow, CUDA and cuDNN:
#
#     docker build -t resnet50-bench .
#     docker run --rm --gpus all -v "$PWD/reports:/suite/reports" resnet50-bench \
#         run matrices/t4_inference.yaml
#
# A machine without a GPU needs no CUDA:
#
#     docker build -t resnet50-bench:cpu \
#         --build-arg BASE_IMAGE=python:3.12-slim --build-arg EXTRA=cpu .
ARG BASE_IMAGE=nvcr.io/nvidia/tensorflow:25.02-tf2-py3
FROM ${BASE_IMAGE}

# cpu or gpu installs TensorFlow as well; empty where the base image has it.
ARG EXTRA=""

WORKDIR /suite
COPY pyproject.toml README.md bench.py ./
COPY suite suite
COPY matrices matrices
COPY reference reference
RUN python3 -m pip install --no-cache-dir -e ".${EXTRA:+[${EXTRA}]}" \
    && python3 bench.py --version

VOLUME /suite/reports
ENTRYPOINT ["python3", "bench.py"]
CMD ["--help"]
