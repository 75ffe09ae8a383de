"""suite.run.ranks.listener: who is let in as a rank, and what everybody else can cost."""

import gc
import hashlib
import hmac
import os
import resource
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from suite.model.distributed import Distributed, Host, Rank, RankLauncher
from suite.model.errors import InputError
from suite.run.flags import parse_order
from suite.run.order import encode_order
from suite.run.ranks import link, listener
from suite.run.ranks.link import GREETING_BYTES, TOKEN_VARIABLE, Hello, join_runner
from suite.run.ranks.listener import Listener, listening_addresses

TOKEN = "0123456789abcdef"  # noqa: S105
LOOPBACK = "127.0.0.1"


class Reception:
    """A listener for two ranks, driven by hand, and the ranks that it let in."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.listener = Listener([LOOPBACK], TOKEN, 2)
        self.ranks: dict[int, Hello] = {}
        self._connections: list[socket.socket] = []  # both ends, to be closed
        self.listener.attend(self.selector, self._on_rank)
        self.port = int(self.listener.addresses[0].rpartition(":")[2])

    def _on_rank(self, hello: Hello, connection: socket.socket) -> None:
        assert hello.rank not in self.ranks
        self.ranks[hello.rank] = hello
        self._connections.append(connection)

    def hear(self, until: Callable[[], object] = lambda: False) -> None:
        """Hear everybody until something holds, or nobody has anything to say any more."""
        while not until():
            ready = self.selector.select(0.2)
            for key, _ in ready:
                key.data(key.fileobj)
            self.listener.dismiss_late()
            if not ready:
                break

    def call(self, said: bytes = b"") -> socket.socket:
        """A connection of anybody, who says something whatever the nonce."""
        connection = socket.create_connection((LOOPBACK, self.port), timeout=60)
        self._connections.append(connection)
        if said:
            connection.sendall(said)
        return connection

    def join(self, index: int, token: str = TOKEN) -> "Joining":
        return Joining(self, index, token)

    def close(self) -> None:
        self.listener.close()
        for connection in self._connections:
            connection.close()
        self.selector.close()


class Joining:
    """A rank that joins in a thread of its own, as it would from another process."""

    def __init__(self, reception: Reception, index: int, token: str) -> None:
        self.error: Exception | None = None

        def join() -> None:
            environment, rank = {TOKEN_VARIABLE: token}, Rank(index, 2, index, 2)
            try:
                join_runner(reception.listener.addresses, environment, rank).close()
            except InputError as error:
                self.error = error

        thread = threading.Thread(target=join)
        thread.start()
        while thread.is_alive():
            reception.hear(lambda: not thread.is_alive())
        thread.join()


@pytest.fixture
def reception(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reception]:
    monkeypatch.setattr(link, "_RETRY_SECONDS", 0.05)
    made = Reception()
    yield made
    made.close()


def is_hung_up_on(connection: socket.socket) -> bool:
    """Whether nothing but the nonce came before the end; it may be lost with what was not read."""
    received = b""
    try:
        while piece := connection.recv(4096):
            received += piece
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return not received.partition(b"\n")[2]


def descriptors() -> list[int]:
    """Those that this process has open, one for the question included."""
    return [int(path.name) for path in Path("/proc/self/fd").iterdir()]


def test_ranks_of_the_launch_are_let_in(reception: Reception) -> None:
    """Each by the index and the host that it proves; then nobody can connect any more."""
    assert reception.join(1).error is None
    assert reception.join(0).error is None

    host = socket.gethostname()
    assert reception.ranks == {0: Hello(0, host), 1: Hello(1, host)}
    with pytest.raises(ConnectionRefusedError):
        reception.call()


NESTED = b'{"token": ' + b"[" * 100_000 + b"\n"


@pytest.mark.parametrize(
    "said",
    [
        NESTED,
        b'{"token": "", "rank": 0, "host": "here"}\n',
        b"x" * GREETING_BYTES,
        b"\0" * 2**20,
        b"\n",
        b" 0 here\n",
        b"00 0 here\n",
        "\udcff \udcff\n".encode(errors="surrogateescape"),
    ],
    ids=["nested", "json", "no end", "flood", "nothing", "no proof", "wrong proof", "no text"],
)
def test_nothing_is_parsed_before_it_is_proved(reception: Reception, said: bytes) -> None:
    """Whatever anybody says, the answer is to hang up, and ranks join as if nothing had been."""
    caller = reception.call()
    with suppress(ConnectionError):
        caller.sendall(said)
    reception.hear()

    assert is_hung_up_on(caller)
    assert reception.join(0).error is None
    assert [*reception.ranks] == [0]


def test_a_wrong_token_and_a_rank_too_many_are_refused(reception: Reception) -> None:
    """Nobody is a rank who does not know the token, or who is none of those awaited."""
    wrong = reception.join(0, token="another")  # noqa: S106
    beyond = reception.join(2)
    first = reception.join(0)
    again = reception.join(0)

    assert first.error is None
    assert [*reception.ranks] == [0]
    for refused in (wrong, beyond, again):
        assert "the runner cannot be reached at" in str(refused.error)


def test_a_proof_is_no_use_to_who_overheard_it(reception: Reception) -> None:
    """The token itself never crosses the network, and its proof answers one nonce only."""
    first, second = reception.call(), reception.call()
    reception.hear()
    nonce = first.recv(4096)
    hello = b"0 here"
    proof = hmac.digest(TOKEN.encode(), nonce.strip() + b" " + hello, hashlib.sha256).hex().encode()
    greeting = proof + b" " + hello + b"\n"
    second.sendall(greeting)
    reception.hear()
    assert is_hung_up_on(second)
    assert not reception.ranks
    first.sendall(greeting)
    reception.hear()

    assert reception.ranks == {0: Hello(0, "here")}
    assert TOKEN.encode() not in nonce + greeting


def test_a_thousand_idle_callers_keep_no_rank_out(reception: Reception) -> None:
    """No more than 64 are held at once, and the oldest goes first."""
    gc.collect()  # other tests' descriptors must not be closed meanwhile
    before = len(descriptors())
    for _ in range(1000):
        reception.call()
        for key, _ in reception.selector.select(0):
            key.data(key.fileobj)
    reception.hear()
    held = len(descriptors()) - before - 1000

    assert held == 64
    assert reception.join(0).error is None


def test_who_does_not_greet_in_time_is_dismissed(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection costs a descriptor for ten seconds, also one that says a little now and then."""
    monkeypatch.setattr(listener, "_GREETING_SECONDS", 0.0)
    caller = reception.call(b"x")
    reception.hear()

    assert is_hung_up_on(caller)
    assert reception.listener.seconds_left() == float("inf")


def test_a_lack_of_descriptors_ends_nothing(reception: Reception) -> None:
    """Where no connection can be taken, others are given up for it, and it goes on when it can."""
    idle = reception.call()
    reception.hear()
    late = reception.call()
    null = os.open(os.devnull, os.O_RDONLY)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(descriptors()) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    fillers = []
    try:
        with suppress(OSError):  # until there are too many
            while True:
                fillers.append(os.dup(null))
        for _ in range(3):  # the idle one is given up, and its descriptor taken again
            for key, _ in reception.selector.select(0):
                key.data(key.fileobj)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for filler in [*fillers, null]:
            os.close(filler)

    assert is_hung_up_on(idle)
    assert late.recv(4096).endswith(b"\n")
    assert reception.join(0).error is None


def test_a_rank_that_was_hung_up_on_tries_again(reception: Reception) -> None:
    """A runner that is beset may take a rank for one of those who beset it, once."""
    (key,) = reception.selector.get_map().values()
    hung_up: list[object] = []

    def hang_up_once(listening: socket.socket) -> None:
        if not hung_up:
            hung_up.append(listening)
            listening.accept()[0].close()
            return
        key.data(listening)

    reception.selector.modify(key.fileobj, key.events, hang_up_once)

    assert reception.join(0).error is None
    assert hung_up


def test_a_rank_without_a_token_is_one_line() -> None:
    """What a run tells its ranks is nothing to be given by hand."""
    flags = ["--mode=training_benchmark", "--batch_size=1"]
    order = replace(parse_order(flags), report_to=("127.0.0.1:9",))
    command = [sys.executable, "-m", "suite.kernels", "--order", encode_order(order)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "error: report_to is for ranks that a run starts; leave it out\n"


HERE_ONLY = Distributed(hosts=(Host("node1", 2),), interface="eth0")
TWO = Distributed(hosts=(Host("localhost", 2), Host("127.0.0.3", 2)))
IN_SLURM = {"SLURM_JOB_NUM_NODES": "2"}


def test_the_port_is_open_to_those_hosts_only_that_take_ranks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Loopback for one host, the named interface, or the address on the way to the others."""
    networks = {"eth0": ["10.1.0.1"], "eth1": ["10.2.0.1"]}
    every = ["10.1.0.1", "10.2.0.1"]
    monkeypatch.setattr(
        listener, "addresses_of", lambda name: every if name is None else networks[name]
    )
    mpirun, srun = RankLauncher.MPIRUN, RankLauncher.SRUN
    on_eth1 = Distributed(hosts=TWO.hosts, interface="eth1")
    nowhere = Distributed(hosts=(Host("localhost", 1), Host("nowhere.invalid", 1)))

    assert listening_addresses(Distributed(), mpirun, 2, {}) == [LOOPBACK]
    assert listening_addresses(HERE_ONLY, mpirun, 2, {}) == [LOOPBACK]
    assert listening_addresses(TWO, mpirun, 2, {}) == [LOOPBACK]  # the first host takes both
    assert listening_addresses(on_eth1, mpirun, 4, {}) == ["10.2.0.1"]
    assert listening_addresses(TWO, mpirun, 4, {}) == [LOOPBACK]  # this is the way to 127.0.0.3
    assert listening_addresses(nowhere, mpirun, 2, {}) == every
    assert listening_addresses(Distributed(), srun, 2, IN_SLURM) == every
    assert listening_addresses(Distributed(), srun, 2, {"SLURM_JOB_NUM_NODES": "1"}) == [LOOPBACK]


def test_the_port_is_bound_to_its_addresses_alone() -> None:
    """Never to all interfaces of the machine, whatever they are."""
    made = Listener(["127.0.0.2"], TOKEN, 1)
    port = int(made.addresses[0].rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port), timeout=60)
    socket.create_connection(("127.0.0.2", port), timeout=60).close()
    made.close()
