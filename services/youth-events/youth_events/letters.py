"""What those who sign an immersion's agreement are written, in French: each message by the name it is queued under."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.labels import VOCABULARIES
from contracts.language import written
from contracts.youth_events.immersion import Signatory
from service import clock
from service.mailing import Letter, Template, Writing
from youth_events.immersion import Immersion, immersions
from youth_events.signatures import PURPOSE, sealed

_FOOT: Final = (
    "\n\nCe lien vous est personnel et ne sert qu'une fois : ne le transmettez pas. Si vous pensez avoir reçu ce "
    "message par erreur, supprimez-le.\n"
)


def _asks(opening: str, subject: str) -> Template[Immersion]:
    """A message with a link to sign by; out of date once there is nothing to sign by it."""

    def write(writing: Writing[Immersion]) -> Letter | None:
        immersion = writing.about.state
        link = next((each for each in immersion.links if each.signatory == writing.role), None)
        if immersion.status not in ("ready_to_sign", "partially_signed") or link is None or link.signed_on:
            return None
        if link.revoked or link.valid_until < clock.now().date():
            return None
        sealed_link = sealed(writing.links(PURPOSE), writing.about.identity, link.signatory, link.number)
        return Letter(
            subject,
            f"{_greeting(writing)}\n\n{opening}\n\n{_about(immersion)}\n\n"
            f"Vous la signez comme {_role(link.signatory)}. Lisez-la, puis signez-la par ce lien, jusqu'au "
            f"{written(link.valid_until, 'fr')} :\n\n{writing.address(f'/v1/signatures/{sealed_link}')}{_FOOT}",
        )

    return Template(immersions, write)


def _tells(statuses: tuple[str, ...], telling: str, subject: str) -> Template[Immersion]:
    """A message that tells of what was decided, while that is so."""

    def write(writing: Writing[Immersion]) -> Letter | None:
        immersion = writing.about.state
        if immersion.status not in statuses:
            return None
        return Letter(subject, f"{_greeting(writing)}\n\n{telling}\n\n{_about(immersion)}\n")

    return Template(immersions, write)


def _greeting(writing: Writing[Immersion]) -> str:
    return f"Bonjour {writing.to['given_name']} {writing.to['family_name']},"


def _about(immersion: Immersion) -> str:
    """Which immersion it is, without anybody's name: mail is read on the way."""
    return (
        f"Il s'agit d'une immersion professionnelle du {written(immersion.begins_on, 'fr')} au "
        f"{written(immersion.ends_on, 'fr')}, dans l'entreprise de SIRET {immersion.company}."
    )


def _role(signatory: Signatory) -> str:
    return f"« {VOCABULARIES['signatories'][signatory].fr} »"


TEMPLATES: Final[Mapping[str, Template[Any]]] = {
    "signature_requested": _asks("Une convention d'immersion attend votre signature.", "Une convention à signer"),
    "signature_voided": _asks(
        "La convention d'immersion que vous aviez signée a été modifiée : votre signature est annulée, et une nouvelle "
        "est nécessaire.",
        "Convention modifiée : à signer de nouveau",
    ),
    "signature_reminder": _asks(
        "Une convention d'immersion attend toujours votre signature.", "Rappel : une convention à signer"
    ),
    "immersion_accepted": _tells(
        ("accepted", "started", "completed", "assessed"),
        "La convention d'immersion que vous avez signée est validée : l'immersion aura lieu.",
        "Immersion validée",
    ),
    "immersion_ended": _tells(
        ("rejected", "cancelled"),
        "La convention d'immersion qui vous avait été présentée est abandonnée : l'immersion n'aura pas lieu, ou prend "
        "fin.",
        "Immersion abandonnée",
    ),
}
