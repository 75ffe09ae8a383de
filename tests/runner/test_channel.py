"""suite.runner.channel: what a worker says, and nothing else, reaches its parent."""

import os

import pytest

from suite.runner.channel import Here, Progress, Sender, receive


def sent(descriptor: int) -> list[Progress | Here | str]:
    return [receive(line) for line in os.read(descriptor, 65536).splitlines()]


def test_progress_is_thinned_but_every_phase_is_told() -> None:
    """Steps that come faster than twice a second do not each cost a message."""
    reader, writer = os.pipe()
    sender = Sender(writer)
    for phase in ("build", "measuring"):
        for done in range(100):
            sender.progress(Progress(phase, done, 100))
    sender.result('{"a": 1}')

    assert sent(reader) == [Progress("build", 0, 100), Progress("measuring", 0, 100), '{"a": 1}']


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"{}",
        b'{"progress": {"phase": 1}}',
        b'{"progress": {"phase": "build", "done": 0, "total": 1' + b"0" * 400 + b"}}",
        b'{"result": {}}',
        b'{"result": "a", "result": "b"}',
        b"\xff",
        b"[1]",
        b"[" * 100_000,
    ],
)
def test_anything_else_on_the_channel_is_refused(line: bytes) -> None:
    """Half a record or a stray print is never taken for a result."""
    with pytest.raises(ValueError, match=".+"):
        receive(line)
