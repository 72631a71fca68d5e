"""Becomes another program that the kernel ends when its parent ends, however that happens.

Run as a script, not imported, so that it needs nothing of this package and is gone in a few milliseconds:

    python -I -S dies_with_parent.py PARENT USER FOLDERS PROGRAM ARGUMENT...

USER is the name of the user to become, or empty; FOLDERS is `closed` where that user could not reach the program or
its data by itself, which lie below a home folder of root, say.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_READ_SEARCH = 2
CAPABILITIES_VERSION_3 = 0x20080522


def become(user: str, *, closed_folders: bool) -> None:
    """Changes to a user, who may then pass through folders that are closed to it, but not write in them."""
    account = pwd.getpwnam(user)
    keep = closed_folders and sys.platform == "linux"
    if keep:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if keep:
        header = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION_3, 0)
        mask = 1 << CAP_DAC_READ_SEARCH
        libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0)


if __name__ == "__main__":
    libc = ctypes.CDLL(None, use_errno=True)
    parent, user, folders, *command = sys.argv[1:]
    if user:
        become(user, closed_folders=folders == "closed")
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent was gone before its child began")
    os.execv(command[0], command)  # noqa: S606
