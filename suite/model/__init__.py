"""The data of the suite and the arithmetic on it: no I/O, no clock, no TensorFlow."""
