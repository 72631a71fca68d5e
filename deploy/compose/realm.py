"""The realm of development, made from here into `realm.json`, which Keycloak imports when it has none yet.

.venv/bin/python deploy/compose/realm.py

It is what the platform asks of an issuer: roles, a scope for each access to each service, the organisations that a
client or a person acts for, and the audience. Every client of a kind of partner has the secret `clients_secret`.
"""

import json
from pathlib import Path
from typing import Any, Final, get_args

from contracts.roles import ORGANISATION_ROLES, Role
from devstack.issuer import AUDIENCE
from devstack.running import FRONTENDS, SCOPES
from sample.keycloak import CLIENT
from sample.sending import ROLES

FILE: Final = Path(__file__).with_name("realm.json")
# Keycloak puts in what its environment says.
SECRET: Final = "${CLIENTS_SECRET}"  # noqa: S105
ACT_FOR: Final[dict[str, str]] = {"company": "00000001800010", "school": "0369901S", "training_body": "00000022400022"}
"""The organisation of the sample that a client of its kind acts for."""

Json = dict[str, Any]


def realm() -> Json:
    """The realm as Keycloak imports it."""
    roles: tuple[Role, ...] = get_args(Role)
    return {
        "realm": AUDIENCE,
        "enabled": True,
        "displayName": "Territoires d'industrie, Issoudun",
        "accessTokenLifespan": 900,
        "defaultSignatureAlgorithm": "RS256",
        "roles": {"realm": [{"name": role} for role in roles]},
        "clientScopes": [_claims(), *map(_scope, SCOPES)],
        "defaultDefaultClientScopes": ["territory"],
        "defaultOptionalClientScopes": [*SCOPES],
        "components": {"org.keycloak.userprofile.UserProfileProvider": [_profile()]},
        "clients": [
            *(_machine(role) for role in roles),
            _machine(CLIENT, protocolMappers=[_sample()], attributes={"access.token.lifespan": "3600"}),
            _frontend(),
        ],
        "users": [
            *(_account(role, [role], {role: ACT_FOR[role]} if role in ACT_FOR else {}) for role in roles),
            # It acts for one organisation of the sample after the other.
            _account(CLIENT, [*ROLES], {}, clientRoles={"realm-management": ["manage-users"]}),
        ],
    }


def _mapper(name: str, kind: str, **config: str) -> Json:
    told = {"access.token.claim": "true", "introspection.token.claim": "true", **config}
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": told}


def _claims() -> Json:
    """What every token tells, whatever it is for."""
    return {
        "name": "territory",
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "false", "display.on.consent.screen": "false"},
        "protocolMappers": [
            _mapper("subject", "oidc-sub-mapper"),
            _mapper("audience", "oidc-audience-mapper", **{"included.custom.audience": AUDIENCE}),
            _mapper(
                "roles",
                "oidc-usermodel-realm-role-mapper",
                **{"claim.name": "roles", "multivalued": "true", "jsonType.label": "String"},
            ),
            *(
                _mapper(
                    role,
                    "oidc-usermodel-attribute-mapper",
                    **{"user.attribute": role, "claim.name": role, "jsonType.label": "String"},
                )
                for role in sorted(ORGANISATION_ROLES)
            ),
        ],
    }


def _scope(name: str) -> Json:
    shown = {"include.in.token.scope": "true", "display.on.consent.screen": "true"}
    return {"name": name, "protocol": "openid-connect", "attributes": shown}


def _sample() -> Json:
    """What it sends is recorded as sample data."""
    told = {"claim.name": "sample", "claim.value": "true", "jsonType.label": "boolean"}
    return _mapper("sample", "oidc-hardcoded-claim-mapper", **told)


def _profile() -> Json:
    """Organisations are for administrators to give: nobody chooses whom to act for."""
    known: list[Json] = [
        {"name": name, "permissions": {"view": ["admin", "user"], "edit": ["admin", "user"]}}
        for name in ("username", "email", "firstName", "lastName")
    ]
    known += [
        {"name": role, "permissions": {"view": ["admin", "user"], "edit": ["admin"]}}
        for role in sorted(ORGANISATION_ROLES)
    ]
    return {
        "providerId": "declarative-user-profile",
        "config": {"kc.user.profile.config": [json.dumps({"attributes": known})]},
    }


def _machine(name: str, **more: Any) -> Json:
    """A client that speaks for itself: a partner's system."""
    return {
        "clientId": name,
        "secret": SECRET,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        **more,
    }


def _account(client: str, roles: list[Role], attributes: dict[str, str], **more: Any) -> Json:
    return {
        "username": f"service-account-{client}",
        "enabled": True,
        "serviceAccountClientId": client,
        "realmRoles": [*roles],
        "attributes": {name: [value] for name, value in attributes.items()},
        **more,
    }


def _frontend() -> Json:
    """What a browser signs people in with."""
    return {
        "clientId": "frontend",
        "publicClient": True,
        "standardFlowEnabled": True,
        "directAccessGrantsEnabled": False,
        "redirectUris": [f"{origin}/*" for origin in FRONTENDS],
        "webOrigins": [*FRONTENDS],
        "attributes": {"pkce.code.challenge.method": "S256", "post.logout.redirect.uris": "+"},
    }


def text() -> str:
    """The file's content."""
    return json.dumps(realm(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
