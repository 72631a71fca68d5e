"""Kafka as in production: encrypted, with users who prove who they are, and may do what they are allowed alone.

authority = Authority(tmp_path / "pki")
with SecuredKafka(tmp_path / "kafka", authority, users=("companies", "analyst-observatory")) as kafka:
    await kafka.allow("companies", of_service(companies, names))
    kafka.brokers("companies")
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from aiokafka.errors import NoError, for_code
from aiokafka.protocol.admin import CreateAclsRequest

from devstack.certificates import HOSTS, Authority
from devstack.kafka_jars import java
from devstack.kafka_server import Kafka, answers, classes, write_properties
from devstack.ports import free_port
from eventstore.files import Told
from eventstore.kafka.brokers import Brokers, Mechanism, Protocol
from eventstore.kafka.clients import Admin
from service.running.acls import Access

ADMIN: Final = "admin"
"""The user who may do anything."""
_MECHANISMS: Final[tuple[Mechanism, ...]] = ("SCRAM-SHA-512", "SCRAM-SHA-256")
_KINDS: Final = {"topic": 2, "group": 3, "transactionalId": 5}
_OPERATIONS: Final = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
_LITERAL, _PREFIXED, _ALLOW = 3, 4, 3
"""As the protocol has them."""


class SecuredKafka(Kafka):
    """One broker with a listener for each way to come in: by SASL over TLS, by certificate, by SASL alone.

    Its own requests are by certificate, so there is no way in for strangers.
    """

    def __init__(self, folder: Path, authority: Authority, *, users: Iterable[str]) -> None:
        super().__init__(folder)
        self._authority = authority
        self._users = (ADMIN, *users)
        self._ports: dict[Protocol, int] = {
            "SASL_SSL": self.port,
            "SSL": free_port(),
            "SASL_PLAINTEXT": free_port(),
        }
        self.own_listeners: dict[str, int] = {}
        """The ports of what brokers and controllers say to each other, from one start to the next."""

    def brokers(
        self,
        user: str,
        protocol: Protocol = "SASL_SSL",
        mechanism: Mechanism = "SCRAM-SHA-512",
        password: Told | None = None,
    ) -> Brokers:
        """How a user comes in, by its own password unless another is given."""
        own = self._authority.issue(user) if protocol == "SSL" else None
        by_password = protocol.startswith("SASL")
        return Brokers(
            f"localhost:{self._ports[protocol]}",
            protocol,
            mechanism,
            user if by_password else None,
            (password or password_of(user)) if by_password else None,
            self._authority.certificate if protocol.endswith("SSL") else None,
            own.certificate if own else None,
            own.key if own else None,
        )

    def environment(self, user: str, password_file: Path | None = None) -> dict[str, str]:
        """The settings by which a service comes in over SASL_SSL."""
        return {
            "KAFKA_BOOTSTRAP": f"localhost:{self.port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SSL_CA": str(self._authority.certificate),
            **(
                {"KAFKA_SASL_PASSWORD_FILE": str(password_file)}
                if password_file
                else {"KAFKA_SASL_PASSWORD": password_of(user)}
            ),
        }

    async def allow(self, user: str, access: Sequence[Access]) -> None:
        """Lets a user do more."""
        admin = Admin(self.brokers(ADMIN))
        try:
            await admin.start()
            for each in access:
                for operation in each.operations:
                    request = CreateAclsRequest(
                        _KINDS[each.kind],
                        each.name,
                        _PREFIXED if each.prefix else _LITERAL,
                        f"User:{user}",
                        "*",
                        _OPERATIONS[operation],
                        _ALLOW,
                    )
                    response = await admin._send_to_controller(request)  # noqa: SLF001  # It has no method for these.
                    for code, message in response.creation_responses:
                        if for_code(code) is not NoError:
                            raise for_code(code)(message)
        finally:
            await admin.close()

    def change_password(self, user: str, password: str) -> None:
        """Gives a user another password; the one before no longer lets anybody in."""
        for mechanism in _MECHANISMS:
            self._configure(user, f"{mechanism}=[password={password}]")

    def limit(self, user: str, **quotas: int) -> None:
        """Sets what a user has of the brokers: `consumer_byte_rate`, `request_percentage` of a thread."""
        self._configure(user, ",".join(f"{name}={value}" for name, value in quotas.items()))

    def _configure(self, user: str, added: str) -> None:
        properties = self.folder / "admin.properties"
        write_properties(
            properties,
            {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.jaas.config": _scram(f'username="{ADMIN}" password="{password_of(ADMIN)}"'),
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": self._authority.certificate,
            },
        )
        command = [java(), "-Xmx128m", *classes(), "kafka.admin.ConfigCommand"]
        command += ["--bootstrap-server", f"localhost:{self.port}", "--command-config", str(properties)]
        command += ["--alter", "--entity-type", "users", "--entity-name", user, "--add-config", added]
        self._run("configure", command).await_end(seconds=60)

    def _answers(self) -> bool:
        # Versions are told before anybody says who they are, and this listener needs no TLS for it.
        return answers(self._ports["SASL_PLAINTEXT"])

    def _format_options(self) -> list[str]:
        return [
            part
            for user in self._users
            for mechanism in _MECHANISMS
            for part in ("--add-scram", f"{mechanism}=[name={user},password={password_of(user)}]")
        ]

    def _properties(self) -> dict[str, object]:
        inside, controller = free_port(), free_port()
        self.own_listeners = {"INSIDE": inside, "CONTROLLER": controller}
        listeners = {"CLIENTS": self.port, "CERTIFIED": self._ports["SSL"], "CLEAR": self._ports["SASL_PLAINTEXT"]}
        listeners["INSIDE"] = inside
        plain = " ".join(f'user_{user}="{password_of(user)}"' for user in self._users)
        return {
            **super()._properties(),
            "controller.quorum.voters": f"1@localhost:{controller}",
            "listeners": ",".join(
                f"{name}://localhost:{port}" for name, port in {**listeners, "CONTROLLER": controller}.items()
            ),
            "advertised.listeners": ",".join(f"{name}://localhost:{port}" for name, port in listeners.items()),
            "listener.security.protocol.map": "CLIENTS:SASL_SSL,CERTIFIED:SSL,CLEAR:SASL_PLAINTEXT,INSIDE:SSL,"
            "CONTROLLER:SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self._authority.issue("broker", *HOSTS).both,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self._authority.certificate,
            "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
            **{f"listener.name.{name}.ssl.client.auth": "required" for name in ("certified", "inside", "controller")},
            **{
                f"listener.name.{name}.{mechanism.lower()}.sasl.jaas.config": _scram()
                for name in ("clients", "clear")
                for mechanism in _MECHANISMS
            },
            **{
                f"listener.name.{name}.plain.sasl.jaas.config": "org.apache.kafka.common.security.plain."
                f"PlainLoginModule required {plain};"
                for name in ("clients", "clear")
            },
            "sasl.enabled.mechanisms": ",".join((*_MECHANISMS, "PLAIN")),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{ADMIN};User:broker",
        }


def password_of(user: str) -> str:
    """What a user's password is until it is changed."""
    return f"{user} proves it"


def _scram(options: str = "") -> str:
    return f"org.apache.kafka.common.security.scram.ScramLoginModule required {options};"
