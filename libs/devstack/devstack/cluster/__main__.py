"""`python -m devstack.cluster`: installs `overlays/local`, tries it, and takes it away again."""

import sys

import httpx
from rich.console import Console

from devstack.child import DevstackError
from devstack.cluster.trial import Failed, Trial


def main() -> int:
    """Exit status 1 where anything is not as it should be."""
    try:
        Trial(Console(highlight=False)).run()
    except (DevstackError, Failed, httpx.HTTPError) as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
