"""`python -m training`: what can be run of this service."""

from service.running.cli import main
from training.app import app

main(app)
