"""Becomes another program that the kernel ends when its parent ends, however that happens.

Run as a script, not imported, so that it needs nothing of this package and is gone in a few milliseconds:

    python -I -S dies_with_parent.py PARENT USER PROGRAM ARGUMENT...

USER is the name of the user to become, or empty.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(user: str) -> None:
    """Changes to a user, with its rights and no others, in a folder that it may be in."""
    account = pwd.getpwnam(user)
    os.chdir("/")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


if __name__ == "__main__":
    parent, user, *command = sys.argv[1:]
    if user:
        become(user)
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent was gone before its child began")
    os.execv(command[0], command)  # noqa: S606
