"""`python -m indicators`: what can be run of this service."""

from indicators.app import app
from service.running.cli import main

main(app)
