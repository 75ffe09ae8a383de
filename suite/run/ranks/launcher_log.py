"""Parsing a launcher's log for lost hosts, and for ranks that died or that others wait for."""

import re
import signal

# Messages of Open MPI and horovodrun about a rank that was killed or exited with an error.
_SIGNALLED = re.compile(r"process rank (\d+) with PID \d+ on node \S+ exited on\s+signal (\d+)")
_EXITED = re.compile(r"Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)")
_IMPROPERLY = re.compile(r"process rank (\d+) with PID \d+ on\s+node \S+ exiting improperly")
# Messages of srun with --kill-on-bad-exit: a line per group of ranks of a host that ended alike.
# Ranks that srun ended itself come after the first line.
_SRUN = re.compile(
    r"^srun: error: \S+: tasks? (\d+)[-,\d]*: (Exited with exit code (\d+)|.+)$", re.M
)
# horovodrun reports every rank that exited with an error, also those that it ended itself because
# of the first one, which it then names, or because it was told to end.
_LEFT = re.compile(r"Process (\d+) exit with status code (-?\d+)")
_LEFT_FIRST = re.compile(r"Terminating remaining workers after failure of Process (\d+)")
# Failures of ssh, through which Open MPI's daemons and horovodrun's ranks run, by host.
_SSH_LOST = re.compile(
    r"(?:ssh: connect to host (?P<to>\S+) port \d+: [^\r\n.]+"
    r"|Connection to (?P<of>\S+) (?:port \d+ )?(?:closed by remote host|timed out)"
    r"|Connection (?:closed|reset) by (?P<by>\S+) port \d+"
    r"|Timeout, server (?P<silent>\S+) not responding)"
)
# Messages of Open MPI about a lost daemon, and of Slurm about a lost node.
_DAEMON_LOST = re.compile(r"Remote daemon: *\S+ on node (\S+)")
_NODE_LOST = re.compile(r"srun: error: Node failure on (\S+)")
# Horovod's message in the log of rank 0: `Missing ranks:`, then a line per rank with its tensors.
_STALLED = re.compile(r"Missing ranks:\n((?:(?:\[\d+\]<\w+>:)?\d+: \[.*\n?)+)")
_OWES = re.compile(r"^(?:\[\d+\]<\w+>:)?(\d+): \[", re.MULTILINE)
# horovodrun is a Python program: its exception follows the traceback.
_RAISED = re.compile(r"^Traceback \(most recent call last\):\n(?: .*\n)+", re.MULTILINE)
_RULE = re.compile(r"^[-=*]{10,}$")
# Open MPI adds this, with a list of all possible causes, to any failure to reach a host.
_GENERAL = "ORTE was unable to reliably start one or more daemons"
_LONGEST = 300
# ssh's exit code if it failed itself, or its command ended by a signal.
_SSH_FAILED = 255


def lost_hosts(log: str) -> dict[str, str]:
    """Each host that the launcher reports as lost -> the reason in a few words."""
    found = dict.fromkeys(_NODE_LOST.findall(log), "node failure")
    found |= dict.fromkeys(_DAEMON_LOST.findall(log), "Open MPI's daemon there is lost")
    for match in _SSH_LOST.finditer(log):
        (host,) = (name for name in match.groups() if name)
        found.setdefault(host, match.group().strip())
    return found


def deaths(log: str) -> dict[int, int | None]:
    """Each rank that died -> its exit code, negative for a signal, None if not reported."""
    found: dict[int, int | None] = {
        int(rank): -int(number) for rank, number in _SIGNALLED.findall(log)
    }
    for rank, code in _EXITED.findall(log):
        found.setdefault(int(rank), int(code))
    for rank in _IMPROPERLY.findall(log):
        found.setdefault(int(rank), None)
    if first := _SRUN.search(log):
        found.setdefault(int(first[1]), _srun_code(first[2], first[3]))
    first_left = _LEFT_FIRST.findall(log)
    for rank, code in _LEFT.findall(log):
        if rank in first_left:
            found.setdefault(int(rank), _shell_code(int(code)))
    return found


def _shell_code(code: int) -> int | None:
    """The exit code from a shell or ssh: 128 is added to a signal, and 255 can be anything."""
    if code == _SSH_FAILED:
        return None
    return 128 - code if code > 128 else code


def _srun_code(words: str, code: str | None) -> int | None:
    """An exit code, or the signal with this description: `Killed`, `Segmentation fault`."""
    if code:
        return int(code)
    words = words.removesuffix(" (core dumped)")
    return next((-s for s in signal.valid_signals() if signal.strsignal(s) == words), None)


def stalled_ranks(log: str) -> set[int]:
    """Ranks that the others wait for, by Horovod's last report."""
    said = _STALLED.findall(log)
    return {int(rank) for rank in _OWES.findall(said[-1])} if said else set()


def complaint(log: str) -> str:
    """The launcher's first message, for one that never started a rank."""
    lines = (line.strip() for line in _RAISED.split(log)[-1].splitlines())
    text = " ".join(line for line in lines if line and not _RULE.match(line))
    return (text.partition(_GENERAL)[0].strip() or text)[:_LONGEST]
