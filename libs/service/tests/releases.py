"""Street lamps of one release or another: with the migrations in the folder that MIGRATIONS names.

python libs/service/tests/releases.py migrate|api|…
"""

import os
from dataclasses import replace
from pathlib import Path

from lamps import service

from service.running.cli import main

if __name__ == "__main__":
    main(replace(service, migrations=Path(os.environ["MIGRATIONS"])))
