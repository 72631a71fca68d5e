"""What a running service works with: made when it starts, asked for by its endpoints."""

from dataclasses import dataclass, field

from eventstore import tracing
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.subscribing.subscription import Subscription
from service.http.auth import Caller, Tokens
from service.http.counting import Requests
from service.metrics.metric import Tells
from service.running.settings import OwnSettings, Settings
from service.running.supervision import Supervised


@dataclass
class Runtime:
    """The parts of one running service."""

    name: str
    settings: Settings
    tokens: Tokens
    takes_commands: bool
    serves: bool
    """Whether this process serves the API."""
    writes_mail: bool = False
    tells: Tells | None = None
    """What this service alone tells as metrics."""
    own: OwnSettings = field(default_factory=OwnSettings)
    """The settings that are this service's alone."""
    opened: Store | None = None
    """The store, once it is open."""
    tasks: list[Supervised] = field(default_factory=list)
    requests: Requests = field(default_factory=Requests)

    @property
    def relay(self) -> Relay | None:
        """The relay of this process, if it has one."""
        return next((task.part for task in self.tasks if isinstance(task.part, Relay)), None)

    @property
    def subscriptions(self) -> list[Subscription]:
        """The subscriptions of this process."""
        return [task.part for task in self.tasks if isinstance(task.part, Subscription)]

    @property
    def store(self) -> Store:
        """The open store. Raises StoreUnavailable before the service has started."""
        if self.opened is None:
            raise StoreUnavailable("the service is starting")
        return self.opened

    async def caller(self, authorization: bytes | None, *scopes: str) -> Caller:
        """Who sends a request, holding these scopes. Raises Unauthenticated, IssuerUnavailable and ScopeMissing."""
        caller = self.tokens.remembered(authorization) or await self.tokens.verify(authorization)
        if (about := tracing.about()) is not None:
            about.client = caller.actor.client
        for scope in scopes:
            caller.require(scope)
        return caller
