"""Where the peers live that need packages of their own: `.venv/bench`, made by `make bench`."""

import os
import sys
from pathlib import Path
from typing import Final

PYTHON: Final = Path(sys.prefix) / "bench" / "bin" / "python"
"""Runs a module of ours that imports nothing but what is there."""
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
