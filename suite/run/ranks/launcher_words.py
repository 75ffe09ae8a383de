"""What a launcher says in its log about hosts that it lost, and ranks that died or are awaited."""

import re
import signal

# Open MPI's and horovodrun's words for a rank that was killed or left with an error.
_SIGNALLED = re.compile(r"process rank (\d+) with PID \d+ on node \S+ exited on\s+signal (\d+)")
_EXITED = re.compile(r"Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)")
_IMPROPERLY = re.compile(r"process rank (\d+) with PID \d+ on\s+node \S+ exiting improperly")
# srun's, with --kill-on-bad-exit: one line for each group of ranks that ended alike on a host. What
# it ended itself comes after the first line.
_SRUN = re.compile(
    r"^srun: error: \S+: tasks? (\d+)[-,\d]*: (Exited with exit code (\d+)|.+)$", re.M
)
# horovodrun tells every rank that left with an error, also those that it ended: for the first one,
# which it names then, or because it was told to end.
_LEFT = re.compile(r"Process (\d+) exit with status code (-?\d+)")
_LEFT_FIRST = re.compile(r"Terminating remaining workers after failure of Process (\d+)")
# The far end of ssh, which carries Open MPI's daemons and horovodrun's ranks, or the way there.
_SSH_LOST = re.compile(
    r"(?:ssh: connect to host (?P<to>\S+) port \d+: [^\r\n.]+"
    r"|Connection to (?P<of>\S+) (?:port \d+ )?(?:closed by remote host|timed out)"
    r"|Connection (?:closed|reset) by (?P<by>\S+) port \d+"
    r"|Timeout, server (?P<silent>\S+) not responding)"
)
# Open MPI's words for a daemon of its own, and Slurm's for a node.
_DAEMON_LOST = re.compile(r"Remote daemon: *\S+ on node (\S+)")
_NODE_LOST = re.compile(r"srun: error: Node failure on (\S+)")
# Horovod's own, in the log of rank 0: `Missing ranks:`, then a line for each with what it owes.
_STALLED = re.compile(r"Missing ranks:\n((?:(?:\[\d+\]<\w+>:)?\d+: \[.*\n?)+)")
_OWES = re.compile(r"^(?:\[\d+\]<\w+>:)?(\d+): \[", re.MULTILINE)
# horovodrun is a Python program: what it raised comes after where it did.
_RAISED = re.compile(r"^Traceback \(most recent call last\):\n(?: .*\n)+", re.MULTILINE)
_RULE = re.compile(r"^[-=*]{10,}$")
# What Open MPI adds to whatever kept it from a host: everything that it could have been.
_GENERAL = "ORTE was unable to reliably start one or more daemons"
_LONGEST = 300
# ssh's own code where it, or what it ran, ended by anything but an exit.
_SSH_FAILED = 255


def lost_hosts(log: str) -> dict[str, str]:
    """Each host that the launcher says it has lost -> what it says of that, in a few words."""
    found = dict.fromkeys(_NODE_LOST.findall(log), "node failure")
    found |= dict.fromkeys(_DAEMON_LOST.findall(log), "Open MPI's daemon there is lost")
    for match in _SSH_LOST.finditer(log):
        (host,) = (name for name in match.groups() if name)
        found.setdefault(host, match.group().strip())
    return found


def deaths(log: str) -> dict[int, int | None]:
    """Each rank that died -> its exit code, negative for a signal, None where that is not said."""
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
    """What a shell or ssh says of a rank: 128 is added to a signal, and 255 can be anything."""
    if code == _SSH_FAILED:
        return None
    return 128 - code if code > 128 else code


def _srun_code(words: str, code: str | None) -> int | None:
    """An exit code, or the signal that has these words: `Killed`, `Segmentation fault`."""
    if code:
        return int(code)
    words = words.removesuffix(" (core dumped)")
    return next((-s for s in signal.valid_signals() if signal.strsignal(s) == words), None)


def stalled_ranks(log: str) -> set[int]:
    """Ranks that the others waited for when Horovod last said so."""
    said = _STALLED.findall(log)
    return {int(rank) for rank in _OWES.findall(said[-1])} if said else set()


def complaint(log: str) -> str:
    """The launcher's first words, for one that never got as far as a rank."""
    lines = (line.strip() for line in _RAISED.split(log)[-1].splitlines())
    text = " ".join(line for line in lines if line and not _RULE.match(line))
    return (text.partition(_GENERAL)[0].strip() or text)[:_LONGEST]
