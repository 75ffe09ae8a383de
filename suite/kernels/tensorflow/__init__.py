"""The real kernel: ResNet50 v1.5 on TensorFlow, with Horovod and DALI."""
