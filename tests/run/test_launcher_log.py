"""suite.run.ranks.launcher_log: what Open MPI 4.1.4 and Horovod 0.28.1 really say.

Slurm's words are those of its documentation and of other people's logs.
"""

import pytest

from suite.run.ranks.launcher_log import complaint, deaths, lost_hosts, stalled_ranks

RULE = "-" * 74 + "\n"
MPIRUN_ABORTS = f"""\
{RULE}Primary job  terminated normally, but 1 process returned
a non-zero exit code. Per user-direction, the job has been aborted.
{RULE}{RULE}"""
MPIRUN_SIGNAL = f"""{MPIRUN_ABORTS}\
mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 11 (Segmentation fault).
{RULE}"""
MPIRUN_LONG_NAME = f"""{MPIRUN_ABORTS}\
mpirun noticed that process rank 12 with PID 0 on node a-host-with-a-long-name exited on\
 signal 9 (Killed).
{RULE}"""
MPIRUN_CODE = f"""{MPIRUN_ABORTS}\
mpirun detected that one or more processes exited with non-zero status, thus causing
the job to be terminated. The first process to do so was:

  Process name: [[23840,1],1]
  Exit code:    7
{RULE}"""
MPIRUN_IMPROPERLY = f"""\
{RULE}mpirun has exited due to process rank 1 with PID 0 on
node vm exiting improperly. There are three reasons this could occur:

1. this process did not call "init" before exiting, but others in
the job did. This can cause a job to hang indefinitely while it waits
for all processes to call "init". By rule, if one process calls "init",
then ALL processes must call "init" prior to termination.
{RULE}"""
HOROVODRUN_END = """\
Traceback (most recent call last):
  File "bin/horovodrun", line 8, in <module>
    sys.exit(run_commandline())
             ^^^^^^^^^^^^^^^^^
  File "horovod/runner/gloo_run.py", line 284, in launch_gloo
    raise RuntimeError('Horovod detected that one or more processes exited with non-zero '
RuntimeError: Horovod detected that one or more processes exited with non-zero status, thus\
 causing the job to be terminated. The first process to do so was:
Process name: 1
"""
HOROVODRUN_SIGNAL = f"""\
[1]<stderr>:Killed
Process 1 exit with status code 137.
Terminating remaining workers after failure of Process 1.
[0]<stderr>:Terminated
Process 0 exit with status code 143.
{HOROVODRUN_END}Exit code: 137
"""
HOROVODRUN_CODE = f"""\
Process 1 exit with status code 7.
Terminating remaining workers after failure of Process 1.
[0]<stderr>:Terminated
Process 0 exit with status code 143.
{HOROVODRUN_END}Exit code: 7
"""
# horovodrun was told to end: no rank failed first.
HOROVODRUN_ENDED = f"""\
[0]<stderr>:Terminated
Process 1 exit with status code 255.
Process 0 exit with status code 143.
{HOROVODRUN_END}Exit code: 255
"""
HOROVODRUN_SSH = f"""\
[1]<stderr>:Connection to bench-b closed by remote host.\r[1]<stderr>:
Process 1 exit with status code 255.
Terminating remaining workers after failure of Process 1.
[0]<stderr>:Terminated
Process 0 exit with status code 143.
{HOROVODRUN_END}Exit code: 255
"""
SRUN_KILLED = """\
srun: error: node2: task 1: Killed
srun: launch/slurm: _step_signal: Terminating StepId=7.1
slurmstepd: error: *** STEP 7.1 ON node1 CANCELLED AT 2026-11-25T08:12:33 ***
srun: error: node1: task 0: Terminated
"""
SRUN_CODE = "srun: error: node2: tasks 2-3: Exited with exit code 7\n"
SRUN_CORE = "srun: error: node2: task 1: Segmentation fault (core dumped)\n"
SRUN_NODE = """\
srun: error: Node failure on node2
srun: Job step aborted: Waiting up to 32 seconds for job step to finish.
slurmstepd: error: *** STEP 7.0 ON node1 CANCELLED AT 2026-11-25T08:12:33 DUE TO NODE FAILURE ***
"""
MPIRUN_DAEMON = f"""\
{RULE}ORTE has lost communication with a remote daemon.

  HNP daemon   : [[56272,0],0] on node bench-a
  Remote daemon: [[56272,0],1] on node bench-b

This is usually due to either a failure of the TCP network
connection to the node, or possibly an internal failure of
the daemon itself. We cannot recover from this failure, and
therefore will terminate the job.
{RULE}"""
SSH_BANNER = """\
Connection timed out during banner exchange
Connection to 10.77.0.2 port 22 timed out
"""
SSH_ROUTE = "ssh: connect to host bench-b port 22: No route to host\r\n"
SSH_RESET = "kex_exchange_identification: read: Connection reset by peer\n"
SSH_RESET += "Connection reset by 10.77.0.2 port 22\n"
HOROVODRUN_SLOTS = """\
I0000 00:00:1795595111.149081   14314 cpu_feature_guard.cc:227] This TensorFlow binary is optimized
Traceback (most recent call last):
  File "bin/horovodrun", line 8, in <module>
    sys.exit(run_commandline())
             ^^^^^^^^^^^^^^^^^
  File "horovod/runner/common/util/hosts.py", line 134, in get_host_assignments
    raise ValueError('Requested more processes ({}) than there are available slots ({})'
ValueError: Requested more processes (2) than there are available slots (1)
"""
MPIRUN_HOST = f"""\
ssh: Could not resolve hostname nowhere: Name or service not known
{RULE}ORTE was unable to reliably start one or more daemons.
This usually is caused by:

* not finding the required libraries and/or binaries on
  one or more nodes. Please check your PATH and LD_LIBRARY_PATH
  settings, or configure OMPI with --enable-orterun-prefix-by-default

* lack of authority to execute on one or more specified nodes.
  Please verify your allocation and authorities.
{RULE}"""
STALL = """\
[2026-11-25 08:12:33.829008: W horovod/common/stall_inspector.cc:107] One or more tensors were\
 submitted to be reduced, gathered or broadcasted by subset of ranks and are waiting for remainder\
 of ranks for more than 3 seconds. This may indicate that different ranks are trying to submit\
 different tensors or that only subset of ranks is submitting tensors, which will cause\
 deadlock.\x20
Missing ranks:
"""
STALLED_1 = f"{STALL}1: [gradient_0, gradient_1, gradient_10, gradient_100, gradient_101 ...]\n"
STALLED_1_AND_13 = f"{STALL}1: [wish_to_end]\n13: [gradient_0, gradient_1, wish_to_end]\n"


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (MPIRUN_SIGNAL, {1: -11}),
        (MPIRUN_LONG_NAME, {12: -9}),
        (MPIRUN_CODE, {1: 7}),
        (MPIRUN_IMPROPERLY, {1: None}),
        (HOROVODRUN_SIGNAL, {1: -9}),
        (HOROVODRUN_CODE, {1: 7}),
        (HOROVODRUN_SSH, {1: None}),
        (HOROVODRUN_ENDED, {}),
        (SRUN_KILLED, {1: -9}),
        (SRUN_CODE, {2: 7}),
        (SRUN_CORE, {1: -11}),
        (SRUN_NODE, {}),
        (MPIRUN_HOST, {}),
        (STALLED_1, {}),
        ("", {}),
    ],
    ids=[
        "mpirun signal",
        "mpirun long name",
        "mpirun code",
        "mpirun improperly",
        "horovodrun signal",
        "horovodrun code",
        "horovodrun lost ssh",
        "horovodrun was ended",
        "srun signal",
        "srun code",
        "srun core",
        "srun node",
        "no host",
        "stall",
        "nothing",
    ],
)
def test_the_first_rank_to_die_is_read_from_the_launchers_words(
    log: str, expected: dict[int, int | None]
) -> None:
    """The rank and how it ended; not those that the launcher ended for its sake."""
    assert deaths(f"a line of a rank\n{log}") == expected


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (MPIRUN_DAEMON, {"bench-b": "Open MPI's daemon there is lost"}),
        (HOROVODRUN_SSH, {"bench-b": "Connection to bench-b closed by remote host"}),
        (SSH_ROUTE, {"bench-b": "ssh: connect to host bench-b port 22: No route to host"}),
        (SSH_BANNER, {"10.77.0.2": "Connection to 10.77.0.2 port 22 timed out"}),
        (SSH_RESET, {"10.77.0.2": "Connection reset by 10.77.0.2 port 22"}),
        (SRUN_NODE, {"node2": "node failure"}),
        (MPIRUN_HOST + MPIRUN_SIGNAL + HOROVODRUN_CODE + SRUN_KILLED, {}),
    ],
    ids=["daemon", "ssh ended", "no way", "no banner", "reset", "srun node", "none"],
)
def test_a_lost_host_is_read_from_the_launchers_words(log: str, expected: dict[str, str]) -> None:
    """The host by the name that the launcher has for it, and what it says of the loss."""
    assert lost_hosts(f"a line of a rank\n{log}") == expected


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (STALLED_1, {1}),
        (STALLED_1_AND_13, {1, 13}),
        (STALLED_1_AND_13 + "another line\n" + STALLED_1, {1}),
        (MPIRUN_SIGNAL, set()),
    ],
    ids=["one", "two", "the last word counts", "none"],
)
def test_who_is_waited_for_is_read_from_horovods_words(log: str, expected: set[int]) -> None:
    """Those ranks that Horovod missed when it last said so, in lines of a rank's own as well."""
    assert stalled_ranks(log) == expected
    assert stalled_ranks("".join(f"[0]<stderr>:{line}\n" for line in log.splitlines())) == expected


@pytest.mark.parametrize(
    ("log", "begins"),
    [
        (
            MPIRUN_HOST,
            "ssh: Could not resolve hostname nowhere: Name or service not known",
        ),
        (
            HOROVODRUN_SLOTS,
            "ValueError: Requested more processes (2) than there are available slots (1)",
        ),
    ],
    ids=["mpirun", "horovodrun"],
)
def test_a_complaint_is_one_short_line(log: str, begins: str) -> None:
    """A launcher that never came to a rank is quoted in a line, less rules and tracebacks."""
    said = complaint(log)

    assert said.startswith(begins)
    assert "\n" not in said
    assert "---" not in said
    assert len(said) <= 300
