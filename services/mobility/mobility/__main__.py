"""`python -m mobility`: what can be run of this service."""

from mobility.app import app
from service.running.cli import main

main(app)
