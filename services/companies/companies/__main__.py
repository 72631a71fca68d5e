"""`python -m companies`: what can be run of this service."""

from companies.app import app
from service.running.cli import main

main(app)
