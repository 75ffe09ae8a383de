"""Giving the token of a launch to its ranks so that no other user can read it.

mpirun and srun pass environment variables to ranks over their own connections. horovodrun puts
them on the command lines of ranks and of ssh, which every user of a host can read; so there the
token is in a file on every host that only its owner can read.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from suite.model.distributed import RankLauncher
from suite.run.ranks.launcher_log import complaint
from suite.run.ranks.link import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE
from suite.run.ranks.listener import is_this_machine

# Every host has this folder; the path must be the same on all of them.
_FOLDER = "/tmp"  # noqa: S108 - a folder of our own in it, closed to other users
# As horovodrun calls it, but with a timeout.
_OPTIONS = ("PasswordAuthentication=no", "StrictHostKeyChecking=no", "ConnectTimeout=10")
_SSH = ("ssh", *(part for option in _OPTIONS for part in ("-o", option)))
_SSH_SECONDS = 30.0


@contextmanager
def handed_over(
    token: str, launcher: RankLauncher, hosts: Sequence[str], environment: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """The variable by which ranks on these hosts find the token, for the duration of the launch.

    `environment` is the launcher's, and that of the ssh which carries a file to other hosts.

    Raises:
        OSError: the file could not be written, here or on another host, which is named.
    """
    if launcher is not RankLauncher.HOROVODRUN:
        yield {TOKEN_VARIABLE: token}
        return
    others = [host for host in hosts if not is_this_machine(host)]
    folder = Path(tempfile.mkdtemp(prefix="resnet50-bench-ranks-", dir=_FOLDER))
    file = folder / "token"
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as written:
            written.write(token)
        at = shlex.quote(str(folder))
        # Hosts may share this folder; a link, or another user's folder, is refused.
        own = f"{{ test -O {at} && test ! -L {at}; }}"
        for host in others:
            script = f"umask 077; mkdir {at} 2>/dev/null || {own} && cat > {at}/token"
            _on(host, script, token, environment)
        yield {TOKEN_FILE_VARIABLE: str(file)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for host in others:
            with suppress(OSError):  # a lost host keeps a token that is no longer valid
                _on(host, f"rm -rf {shlex.quote(str(folder))}", "", environment)


def _on(host: str, script: str, said: str, environment: Mapping[str, str]) -> None:
    """Run a script on a host over ssh with this text as its standard input."""
    try:
        done = subprocess.run(
            [*_SSH, host, script],
            input=said,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=_SSH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"no answer by ssh from {host} within {_SSH_SECONDS:g} s") from None
    if done.returncode:
        why = complaint(done.stderr) or f"exit code {done.returncode}"
        raise OSError(f"the ranks' token cannot be put on {host} by ssh: {why}")
