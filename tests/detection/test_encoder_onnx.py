import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.errors import BundleError

WIDTH, VOCABULARY = 16, 50


@pytest.fixture(scope="module")
def graph() -> bytes:
    """A lookup, a product and a mean: what an encoder is to its caller."""
    generator = np.random.default_rng(0)
    table = numpy_helper.from_array(generator.standard_normal((VOCABULARY, WIDTH)).astype(np.float32), "table")
    matrix = numpy_helper.from_array(generator.standard_normal((WIDTH, WIDTH)).astype(np.float32), "matrix")
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["looked_up"]),
        helper.make_node("MatMul", ["looked_up", "matrix"], ["product"]),
        helper.make_node("ReduceMean", ["product"], ["embedding"], axes=[1], keepdims=0),
    ]
    model = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, WIDTH])],
        [table, matrix],
    )
    document: bytes = helper.make_model(model, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
    onnx.checker.check_model(document)
    return document


def windows(number: int) -> list[np.ndarray]:
    generator = np.random.default_rng(1)
    return [generator.integers(0, VOCABULARY, generator.integers(1, 200)).astype(np.int32) for _ in range(number)]


def test_order_batch_and_threads_change_no_bit(graph: bytes) -> None:
    texts = windows(60)
    alone = OnnxEncoder(graph, jobs=1)
    one_by_one = np.concatenate([alone.encode([window]) for window in texts])
    for jobs in (1, 2, 5):
        encoder = OnnxEncoder(graph, jobs=jobs)
        assert np.array_equal(encoder.encode(texts), one_by_one)
        assert np.array_equal(encoder.encode(texts[::-1]), one_by_one[::-1])
        encoder.close()


def test_knows_its_dimension_and_takes_no_windows(graph: bytes) -> None:
    encoder = OnnxEncoder(graph, jobs=2)
    assert encoder.dimension == WIDTH
    assert encoder.encode([]).shape == (0, WIDTH)


def test_a_fault_in_any_thread_reaches_the_caller(graph: bytes) -> None:
    bad = np.array([VOCABULARY + 1])
    with pytest.raises(Exception, match="bounds"):
        OnnxEncoder(graph, jobs=3).encode([*windows(10), bad])


def test_a_broken_graph_is_a_bundle_error() -> None:
    with pytest.raises(BundleError, match="encoder cannot be loaded"):
        OnnxEncoder(b"no graph at all")
