"""`python -m employment`: what can be run of this service."""

from employment.app import app
from service.running.cli import main

main(app)
