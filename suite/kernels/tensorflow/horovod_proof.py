"""Run by `mpirun -np N python -m`: N ranks add their numbers, or fail."""

import sys

# Printed by rank 0 if the sum is correct, so that a silent exit is not taken for success.
PROVED = "all-reduce is correct on {ranks} ranks"


def prove() -> None:
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
        sys.stdout.write(PROVED.format(ranks=ranks) + "\n")
    hvd.shutdown()


if __name__ == "__main__":
    prove()
