"""What the tests of the service's API share."""

from collections.abc import AsyncIterator

import pytest
from partners import Partners, serving

from companies.app import app
from devstack.issuer import Issuer
from devstack.prepared import prepare


@pytest.fixture
async def partners(database: str, issuer: Issuer) -> AsyncIterator[Partners]:
    await prepare(database, app.all_migrations)
    async with serving(database, issuer) as partners:
        yield partners
