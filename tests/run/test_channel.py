"""suite.run.channel: what a worker says, and nothing else, reaches its parent."""

import os
from types import SimpleNamespace

import pytest

from suite.run.channel import Here, Lines, Progress, Sender, receive


def sent(descriptor: int) -> list[Progress | Here | str]:
    return [receive(line) for line in os.read(descriptor, 65536).splitlines()]


def test_progress_is_thinned_but_every_phase_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that come faster than twice a second do not each cost a message."""
    now = 100.0
    monkeypatch.setattr("suite.run.channel.time", SimpleNamespace(monotonic=lambda: now))
    reader, writer = os.pipe()
    sender = Sender(writer)
    for phase in ("build", "measuring"):
        for done in range(8):
            sender.progress(Progress(phase, done, 8))
            now += 0.125
    sender.result('{"a": 1}')

    assert sent(reader) == [
        Progress("build", 0, 8),
        Progress("build", 4, 8),
        Progress("measuring", 0, 8),
        Progress("measuring", 4, 8),
        '{"a": 1}',
    ]


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
        b'{"result": ' + b"[" * 100_000,
    ],
)
def test_anything_else_on_the_channel_is_refused(line: bytes) -> None:
    """Half a record or a stray print is never taken for a result."""
    with pytest.raises(ValueError, match=".+"):
        receive(line)


def test_lines_come_whole_out_of_any_pieces() -> None:
    """However the network cuts them; and no line may grow beyond its limit."""
    said = b"one\n\ntwo\nthree"
    lines = Lines(most_bytes=5)

    assert [line for byte in said for line in lines.take(bytes([byte]))] == [b"one", b"", b"two"]
    assert lines.take(b"\nfour\nfiv") == [b"three", b"four"]
    with pytest.raises(ValueError, match="a message of more than 5 bytes"):
        lines.take(b"e and more")
