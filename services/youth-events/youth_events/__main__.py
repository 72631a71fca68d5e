"""`python -m youth_events`: what can be run of this service."""

from service.running.cli import main
from youth_events.app import app

main(app)
