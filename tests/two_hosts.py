"""Two hosts on one machine: each with a network, a host name and an sshd of its own.

A network namespace alone is not enough: Open MPI takes two ranks for neighbours, and lets them
talk through shared memory, where their host names are the same; so each host has a UTS namespace
too. Files, processes and devices are shared, as on two hosts with the same file system.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

# Only within these namespaces, so that any number of pairs can be there at once.
NETWORK = "10.77.0.0/24"
ADDRESSES = {"bench-a": "10.77.0.1", "bench-b": "10.77.0.2"}
LINK = "veth0"
NAMES_FOLDER = Path("/etc/netns")  # what lies in a folder of a namespace's name shows in /etc there

# Debian keeps them out of an ordinary user's PATH.
_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
_TOOLS = ("ip", "sshd", "ssh", "ssh-keygen", "mpirun", "nsenter", "unshare")

_SSHD_CONFIG = """\
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
_SSH_CONFIG = """\
Host *
    User root
    BatchMode yes
    ConnectTimeout 30
    IdentityFile {folder}/client_key
    IdentitiesOnly yes
    StrictHostKeyChecking yes
    UserKnownHostsFile {folder}/known_hosts
    LogLevel ERROR
"""


@dataclass(frozen=True, slots=True)
class Host:
    """One of the two hosts; the other knows it by its name and by its address."""

    name: str
    address: str
    namespace: str
    """Of the network, as `ip netns` lists it."""
    sshd: int
    """Process id of its sshd, which lives in the host's UTS namespace, where its name is."""

    def command(self, *command: str) -> list[str]:
        """The command that runs another command on this host."""
        inside = ("nsenter", f"--uts=/proc/{self.sshd}/ns/uts", *command)
        return ["ip", "netns", "exec", self.namespace, *inside]

    def processes(self) -> dict[int, str]:
        """What runs on this host: process id -> command line, sshd included."""
        listed = _run("ip", "netns", "pids", self.namespace).split()
        found = {}
        for pid in map(int, listed):
            with suppress(OSError):  # it may have ended since
                line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
                found[pid] = line.decode(errors="replace").strip()
        return found

    def received_bytes(self) -> int:
        """How much has come in over the link so far."""
        counter = f"/sys/class/net/{LINK}/statistics/rx_bytes"
        return int(_run(*self.command("cat", counter)))


@dataclass(frozen=True, slots=True)
class TwoHosts:
    """Both hosts and what joins them; commands start on `a`."""

    a: Host
    b: Host
    ssh_config: Path

    @property
    def ssh(self) -> tuple[str, ...]:
        """The ssh command that gets from either host to the other without asking."""
        return ("ssh", "-F", str(self.ssh_config))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on host `a` to its end."""
        return subprocess.run(
            self.a.command(*command),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def mpirun(self, *arguments: str) -> list[str]:
        """An Open MPI command for host `a` that starts ranks on both, over the link alone."""
        return [
            *("mpirun", "--allow-run-as-root"),
            *("--mca", "plm_rsh_agent", " ".join(self.ssh)),
            *("--mca", "oob_tcp_if_include", NETWORK),
            *("--mca", "pml", "ob1", "--mca", "btl", "self,tcp"),
            *("--mca", "btl_tcp_if_include", NETWORK),
            *arguments,
        ]

    def cut(self) -> None:
        """Unplug the link at host `b`; open connections are not told, as with a pulled cable."""
        _run("ip", "-n", self.b.namespace, "link", "set", LINK, "down")

    def mend(self) -> None:
        """Plug the link in again."""
        _run("ip", "-n", self.b.namespace, "link", "set", LINK, "up")


@pytest.fixture
def two_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHosts]:
    """Two hosts that reach each other over ssh. Tests that take them are marked `hosts`."""
    if reason := why_no_hosts():
        pytest.fail(reason)
    with hosts(tmp_path_factory.mktemp("two_hosts")) as both:
        yield both


def why_no_hosts() -> str:
    """What keeps this machine from having two hosts; empty if nothing does."""
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
    if missing:
        return f"two hosts need {', '.join(missing)}; see suite/install/packages.txt"
    if os.geteuid() != 0:
        return "two hosts need root, for network namespaces"
    trial = f"bench-trial-{os.getpid()}"
    try:
        _run("ip", "netns", "add", trial)
        _run("ip", "netns", "del", trial)
    except RuntimeError as error:
        return f"two hosts need network namespaces: {error}"
    return ""


@contextmanager
def hosts(folder: Path) -> Iterator[TwoHosts]:
    """Make two hosts, with keys and logs in `folder`; everything else is gone afterwards."""
    _remove_strays()
    with ExitStack() as undo:
        _write_keys(folder)
        near, far = (_add_namespace(name, undo) for name in ADDRESSES)
        far_end = ("peer", "name", LINK, "netns", far)
        _run("ip", "link", "add", LINK, "netns", near, "type", "veth", *far_end)
        a, b = (_start_host(name, folder, undo) for name in ADDRESSES)
        both = TwoHosts(a, b, folder / "ssh_config")
        _wait_for_sshd(both, folder)
        yield both


def _add_namespace(name: str, undo: ExitStack) -> str:
    """A network of its own for a host; `undo` takes it and whatever runs in it away."""
    namespace = _namespace(name)
    undo.callback(_remove_namespace, namespace)
    _run("ip", "netns", "add", namespace)
    known = NAMES_FOLDER / namespace / "hosts"
    known.parent.mkdir(parents=True)
    lines = ["127.0.0.1 localhost", *(f"{ADDRESSES[other]} {other}" for other in ADDRESSES)]
    known.write_text("\n".join(lines) + "\n")
    return namespace


def _namespace(name: str) -> str:
    return f"{name}-{os.getpid()}"


def _write_keys(folder: Path) -> None:
    """A key for both hosts, one for whoever connects, and the files that make ssh use them."""
    for key in ("host_key", "client_key"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
    kind, public, *_ = (folder / "host_key.pub").read_text().split()
    names = ",".join([*ADDRESSES, *ADDRESSES.values()])
    (folder / "known_hosts").write_text(f"{names} {kind} {public}\n")
    (folder / "ssh_config").write_text(_SSH_CONFIG.format(folder=folder))


def _start_host(name: str, folder: Path, undo: ExitStack) -> Host:
    """Bring a host's network up and start its sshd, under the host's own name."""
    namespace = _namespace(name)
    _run("ip", "-n", namespace, "address", "add", f"{ADDRESSES[name]}/24", "dev", LINK)
    for link in ("lo", LINK):
        _run("ip", "-n", namespace, "link", "set", link, "up")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it; a service makes it
    config = folder / f"{name}.sshd_config"
    config.write_text(_SSHD_CONFIG.format(folder=folder, address=ADDRESSES[name]))
    sshd = subprocess.Popen(
        [
            *("ip", "netns", "exec", namespace, "unshare", "--uts"),
            *("sh", "-c", 'hostname "$0" && exec "$@"', name),
            *(shutil.which("sshd", path=_PATH) or "sshd", "-D"),
            *("-f", str(config), "-E", str(folder / f"{name}.log")),
        ],
        stdin=subprocess.DEVNULL,
    )
    undo.callback(sshd.wait)
    undo.callback(sshd.kill)
    return Host(name, ADDRESSES[name], namespace, sshd.pid)


def _wait_for_sshd(both: TwoHosts, folder: Path) -> None:
    for host in (both.a, both.b):
        for _ in range(600):
            answer = both.run(*both.ssh, host.address, "hostname")
            if answer.stdout.strip() == host.name:
                break
            time.sleep(0.1)
        else:
            log = (folder / f"{host.name}.log").read_text()
            raise RuntimeError(f"no sshd on {host.name}: {answer.stderr}{log}")


def _remove_namespace(namespace: str) -> None:
    """End what runs in a namespace, and take the namespace away."""
    with suppress(RuntimeError):  # it may never have been made
        while pids := _run("ip", "netns", "pids", namespace).split():
            for pid in map(int, pids):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        _run("ip", "netns", "del", namespace)
    shutil.rmtree(NAMES_FOLDER / namespace, ignore_errors=True)
    with suppress(OSError):
        NAMES_FOLDER.rmdir()  # ours alone if it is empty


def _remove_strays() -> None:
    """Take away what tests that were killed have left behind."""
    for line in _run("ip", "netns", "list").splitlines():
        name, _, pid = line.split()[0].rpartition("-")
        if name in ADDRESSES and pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            _remove_namespace(f"{name}-{pid}")


def _run(*command: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": _PATH}
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
