"""Sends the sample programme to a platform whose tokens come from Keycloak.

    PLATFORM_URL=http://localhost:8000 OIDC_ISSUER=http://localhost:8000/issuer/realms/territory \\
      CLIENT_SECRET_FILE=secret SENT_FILE=sent python -m sample

Once all is sent, `SENT_FILE` says so, and it is not sent again.
"""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from sample import Story, stories
from sample.keycloak import Keycloak
from sample.sending import NotSent, scopes, send


def _patiently(story: Story) -> Story:
    """Asked again while services do not know yet what the other stories told others."""
    return replace(story, steps=[replace(step, waits=step.waits or story.follows) for step in story.steps])


def main() -> int:
    """Sends what was not sent; what stops it is said in one sentence, with exit status 1."""
    sent = Path(os.environ["SENT_FILE"])
    if sent.exists():
        print("The sample programme was sent before.")
        return 0
    today = datetime.now(UTC).date()
    told = [_patiently(story) for story in stories(today)]
    secret = Path(os.environ["CLIENT_SECRET_FILE"]).read_text(encoding="utf-8").strip()
    keycloak = Keycloak(os.environ["OIDC_ISSUER"], secret, scopes(told))
    try:
        send(os.environ["PLATFORM_URL"], keycloak.token, told, today, lambda: None, lambda: None)
        keycloak.act_for({})
    except (NotSent, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        return 1
    sent.touch()
    print(f"The sample programme is sent: {sum(len(story.steps) for story in told)} requests.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
