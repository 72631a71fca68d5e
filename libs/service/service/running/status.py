"""The command `status`: what `/ready` of the process tells that runs beside it, under the same settings."""

import json

import httpx

from service.running.settings import Settings

PATIENCE = 5.0
"""Seconds that the process has to answer."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  It is asked, not served there.


async def status(settings: Settings, _: list[str]) -> int:
    """Prints whether the process is ready, and how its parts are; 1 where it is not, or does not answer."""
    host = _EVERYWHERE.get(settings.host, settings.host)
    url = httpx.URL(scheme="http", host=host, port=settings.port, path="/ready")
    try:
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            answer = await client.get(url)
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        print(f"{url} does not answer ({str(error) or type(error).__name__}).")
        return 1
    print(json.dumps(told, ensure_ascii=False, indent=2))
    return 0 if answer.is_success else 1
