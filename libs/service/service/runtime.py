"""What a running service works with: made when it starts, asked for by its endpoints."""

from dataclasses import dataclass, field

from eventstore.connection import StoreUnavailable
from eventstore.store import Store
from service.auth import Caller, Tokens
from service.settings import Settings
from service.supervision import Supervised


@dataclass
class Runtime:
    """The parts of one running service."""

    name: str
    settings: Settings
    tokens: Tokens
    takes_commands: bool
    opened: Store | None = None
    """The store, once it is open."""
    tasks: list[Supervised] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """The open store. Raises StoreUnavailable before the service has started."""
        if self.opened is None:
            raise StoreUnavailable("the service is starting")
        return self.opened

    async def caller(self, authorization: bytes | None, *scopes: str) -> Caller:
        """Who sends a request, holding these scopes. Raises Unauthenticated, IssuerUnavailable and ScopeMissing."""
        caller = self.tokens.remembered(authorization) or await self.tokens.verify(authorization)
        for scope in scopes:
            caller.require(scope)
        return caller
