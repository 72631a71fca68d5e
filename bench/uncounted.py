"""The companies service with nothing counted: what its metrics cost is measured against it."""

from typing import Any

from companies.app import app
from eventstore import execution
from eventstore.measuring import Distribution
from service.http import boundary, deciding
from service.http.counting import Requests
from service.running.cli import main


def _nothing(*_: Any) -> None:
    return None


if __name__ == "__main__":
    for owner, name in ((Distribution, "add"), (Requests, "count"), (boundary, "_route")):
        setattr(owner, name, _nothing)
    vars(deciding)["execute"] = vars(execution.execute)["__wrapped__"]
    main(app)
