"""Reading an executed graph."""

import pytest

pytestmark = pytest.mark.slow


def test_clusters_of_a_step_are_counted() -> None:
    """A step of which XLA compiled parts is told from one that it left alone."""
    import tensorflow as tf
    from tensorflow.core.framework.node_def_pb2 import NodeDef

    from suite.kernels.tensorflow.executed import read_executed

    image, kernel = tf.TensorSpec((1, 8, 8, 3)), tf.TensorSpec((3, 3, 3, 4))
    function = tf.function(lambda x, k: tf.nn.conv2d(x, k, 2, "SAME"), autograph=False)
    traced = function.get_concrete_function(image, kernel)
    nodes = list(traced.graph.as_graph_def().node)
    left_alone = read_executed(traced, nodes)
    clustered = read_executed(traced, [NodeDef(op="_XlaCompile"), NodeDef(op="_XlaRun")])

    assert (left_alone.xla, left_alone.xla_clusters) == ("off", 0)
    assert (clustered.xla, clustered.xla_clusters) == ("auto_clustering", 1)
    assert left_alone.compute_type == clustered.compute_type == "float32"
    assert left_alone.layouts == ("NHWC",)


def test_first_run_hands_out_what_the_optimizer_made() -> None:
    """The recorded operations are those after fusion, so they differ from the traced ones."""
    import tensorflow as tf

    from suite.kernels.tensorflow.executed import record_first_run

    kernel = tf.Variable(tf.ones((3, 3, 3, 4)))
    bias = tf.Variable(tf.ones(4))

    def fusible(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))

    image = tf.ones((1, 8, 8, 3))
    traced = tf.function(fusible, autograph=False).get_concrete_function(image)
    executed = {node.op for node in record_first_run(lambda: traced(image))}

    assert {"Conv2D", "Relu"} <= {node.op for node in traced.graph.as_graph_def().node}
    assert any("FusedConv2D" in operation for operation in executed)
    assert "Relu" not in executed
