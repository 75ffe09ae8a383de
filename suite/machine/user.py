"""Who runs this program, for a log that people read."""

import getpass
import subprocess

_GIT = ("git", "config", "--get", "user.name")
_GIT_SECONDS = 60


def user_name() -> str:
    """The name that git has for the user in this folder, else the one of their login."""
    try:
        done = subprocess.run(_GIT, capture_output=True, timeout=_GIT_SECONDS, check=False)
        name = done.stdout.decode(errors="replace").strip()
    except (OSError, subprocess.SubprocessError):
        name = ""
    if name:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no entry
        return "unknown"
