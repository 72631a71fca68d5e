"""`python -m indicators`: what can be run of this service."""

from indicators.app import app
from service.cli import main

main(app)
