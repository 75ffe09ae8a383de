"""What a launcher of ranks says in its log about ranks that died or that others wait for."""

import re

# Open MPI's and horovodrun's words for a rank that was killed or left with an error.
_SIGNALLED = re.compile(r"process rank (\d+) with PID \d+ on node \S+ exited on\s+signal (\d+)")
_EXITED = re.compile(r"Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)")
_IMPROPERLY = re.compile(r"process rank (\d+) with PID \d+ on\s+node \S+ exiting improperly")
# horovodrun tells every rank that left with an error, also those that it ended for the first one.
_LEFT = re.compile(r"Process (\d+) exit with status code (-?\d+)")
_LEFT_FIRST = re.compile(r"Terminating remaining workers after failure of Process (\d+)")
# Horovod's own, in the log of rank 0: `Missing ranks:`, then a line for each with what it owes.
_STALLED = re.compile(r"Missing ranks:\n((?:(?:\[\d+\]<\w+>:)?\d+: \[.*\n?)+)")
_OWES = re.compile(r"^(?:\[\d+\]<\w+>:)?(\d+): \[", re.MULTILINE)
# horovodrun is a Python program: what it raised comes after where it did.
_RAISED = re.compile(r"^Traceback \(most recent call last\):\n(?: .*\n)+", re.MULTILINE)
_RULE = re.compile(r"^[-=*]{10,}$")
# What Open MPI adds to whatever kept it from a host: everything that it could have been.
_GENERAL = "ORTE was unable to reliably start one or more daemons"
_LONGEST = 300


def deaths(log: str) -> dict[int, int | None]:
    """Each rank that died -> its exit code, negative for a signal, None where that is not said."""
    found: dict[int, int | None] = {
        int(rank): -int(number) for rank, number in _SIGNALLED.findall(log)
    }
    for rank, code in _EXITED.findall(log):
        found.setdefault(int(rank), int(code))
    for rank in _IMPROPERLY.findall(log):
        found.setdefault(int(rank), None)
    first = _LEFT_FIRST.findall(log)
    for rank, code in _LEFT.findall(log):
        if not first or rank in first:
            # A shell between horovodrun and the rank adds 128 to the signal.
            found.setdefault(int(rank), 128 - int(code) if int(code) > 128 else int(code))
    return found


def stalled_ranks(log: str) -> set[int]:
    """Ranks that the others waited for when Horovod last said so."""
    said = _STALLED.findall(log)
    return {int(rank) for rank in _OWES.findall(said[-1])} if said else set()


def complaint(log: str) -> str:
    """The launcher's first words, for one that never got as far as a rank."""
    lines = (line.strip() for line in _RAISED.split(log)[-1].splitlines())
    text = " ".join(line for line in lines if line and not _RULE.match(line))
    return (text.partition(_GENERAL)[0].strip() or text)[:_LONGEST]
