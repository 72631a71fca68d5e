"""Every problem a service may answer with: its slug, what it means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.language import Sentence


@dataclass(frozen=True)
class Kind:
    """One kind of problem."""

    status: int
    title: Sentence
    advice: Sentence


KINDS: Final[Mapping[str, Kind]] = {
    "malformed-request": Kind(
        400,
        Sentence("The request can't be read", "La requête est illisible"),
        Sentence(
            "It is not HTTP/1.1, or not all there, as the detail says. Nothing was stored.",
            "Elle n'est pas conforme à HTTP/1.1, ou incomplète, comme le détail le précise. Rien n'a été enregistré.",
        ),
    ),
    "malformed-header": Kind(
        400,
        Sentence("A header can't be read", "Un en-tête est illisible"),
        Sentence("Correct the header named in the detail.", "Corrigez l'en-tête nommé dans le détail."),
    ),
    "preflight-refused": Kind(
        400,
        Sentence("Not from this origin", "Origine non autorisée"),
        Sentence(
            "A browser asked whether a script may send what the detail names: it may not.",
            "Un navigateur a demandé si un script peut envoyer ce que le détail nomme : il ne le peut pas.",
        ),
    ),
    "unauthenticated": Kind(
        401,
        Sentence("A valid token is needed", "Un jeton valable est nécessaire"),
        Sentence(
            "Get a token from the issuer and send it as `Authorization: Bearer <token>`.",
            "Demandez un jeton à l'émetteur et envoyez-le sous la forme `Authorization: Bearer <jeton>`.",
        ),
    ),
    "scope-missing": Kind(
        403,
        Sentence("The token lacks a scope", "Il manque une portée (scope) au jeton"),
        Sentence(
            "Ask the issuer for a token with the scope named in `scope`.",
            "Demandez à l'émetteur un jeton qui comporte la portée indiquée dans `scope`.",
        ),
    ),
    "role-missing": Kind(
        403,
        Sentence("Another role's decision", "Cette décision revient à un autre rôle"),
        Sentence(
            "The token carries none of the roles that may issue this decision.",
            "Le jeton ne comporte aucun des rôles habilités à prendre cette décision.",
        ),
    ),
    "not-your-record": Kind(
        403,
        Sentence("Someone else's record", "Cet enregistrement relève d'une autre organisation"),
        Sentence(
            "The role acts for one organisation, and the record belongs to another.",
            "Le rôle agit pour une seule organisation, et l'enregistrement relève d'une autre.",
        ),
    ),
    "not-found": Kind(
        404,
        Sentence("Nothing is there", "Introuvable"),
        Sentence(
            "There is no such path, or no record of this id.",
            "L'adresse n'existe pas, ou aucun enregistrement ne porte cet identifiant.",
        ),
    ),
    "method-not-allowed": Kind(
        405,
        Sentence("The path has no such method", "Cette adresse n'admet pas cette méthode"),
        Sentence("The `Allow` header lists the methods it has.", "L'en-tête `Allow` énumère les méthodes admises."),
    ),
    "request-timeout": Kind(
        408,
        Sentence("The request came too slowly", "La requête est arrivée trop lentement"),
        Sentence(
            "It was not complete in time. Nothing was stored; send it again.",
            "Elle n'était pas complète dans le délai imparti. Rien n'a été enregistré ; envoyez-la de nouveau.",
        ),
    ),
    "on-in-the-future": Kind(
        409,
        Sentence("The day is in the future", "La date d'effet est dans le futur"),
        Sentence(
            "`on` is the day a decision took effect: today in Europe/Paris at the latest.",
            "`on` est le jour où une décision a pris effet : au plus tard aujourd'hui, à l'heure de Paris.",
        ),
    ),
    "on-before-previous-step": Kind(
        409,
        Sentence("The day is before the previous step", "La date d'effet précède celle de la dernière étape"),
        Sentence(
            "Steps are entered in the order they took effect; `parameters.previous` is the day of the latest one.",
            "Les étapes se saisissent dans l'ordre de leur prise d'effet ; `parameters.previous` est la date de la "
            "dernière.",
        ),
    ),
    "stale": Kind(
        412,
        Sentence("The record has changed", "L'enregistrement a changé"),
        Sentence(
            "It is no longer at the version of If-Match: get it again and decide anew.",
            "Il n'est plus à la version indiquée par If-Match : relisez-le, puis décidez à nouveau.",
        ),
    ),
    "body-too-large": Kind(
        413,
        Sentence("The body is too large", "Le corps est trop volumineux"),
        Sentence("Send at most `limit` bytes in one request.", "Envoyez au plus `limit` octets par requête."),
    ),
    "event-too-large": Kind(
        413,
        Sentence("The event would be too large", "L'événement serait trop volumineux"),
        Sentence(
            "An event holds at most 256 kB: say less at once.",
            "Un événement compte au plus 256 ko : dites-en moins à la fois.",
        ),
    ),
    "target-too-long": Kind(
        414,
        Sentence("The address is too long", "L'adresse est trop longue"),
        Sentence(
            "Ask for less at once: a filter may name fewer values.",
            "Demandez-en moins à la fois : un filtre peut nommer moins de valeurs.",
        ),
    ),
    "unsupported-media-type": Kind(
        415,
        Sentence("Not in a form that is read here", "Le corps n'est pas dans une forme admise ici"),
        Sentence(
            "Send what the detail names, in UTF-8: to all but imports that is `Content-Type: application/json`.",
            "Envoyez ce que le détail nomme, en UTF-8 : partout sauf aux imports, `Content-Type: application/json`.",
        ),
    ),
    "invalid": Kind(
        422,
        Sentence("The request does not have the form it needs", "La requête n'a pas la forme attendue"),
        Sentence(
            "`errors` lists each fault, with a JSON pointer into the body or the name of the parameter.",
            "`errors` énumère chaque erreur, avec un pointeur JSON dans le corps ou le nom du paramètre.",
        ),
    ),
    "idempotency-key-reused": Kind(
        422,
        Sentence("The Idempotency-Key was used for another body", "L'Idempotency-Key a déjà servi pour un autre corps"),
        Sentence(
            "Use a new key for a new request; to retry one, send the same bytes.",
            "Prenez une nouvelle clé pour une nouvelle requête ; pour en répéter une, renvoyez les mêmes octets.",
        ),
    ),
    "headers-too-large": Kind(
        431,
        Sentence("The headers are too large", "Les en-têtes sont trop volumineux"),
        Sentence(
            "Send fewer or shorter headers: a smaller token, say.",
            "Envoyez des en-têtes moins nombreux ou plus courts : un jeton plus petit, par exemple.",
        ),
    ),
    "internal": Kind(
        500,
        Sentence("A fault of ours", "Une erreur de notre côté"),
        Sentence(
            "It is logged under `trace_id`. A command may have been stored: retry with the same Idempotency-Key.",
            "Elle est journalisée sous `trace_id`. Une commande a pu être enregistrée : répétez-la avec la même "
            "Idempotency-Key.",
        ),
    ),
    "unavailable": Kind(
        503,
        Sentence("Something the service needs is away", "Le service est momentanément indisponible"),
        Sentence(
            "Try again after `Retry-After` seconds. A command may have been stored: retry with the same "
            "Idempotency-Key.",
            "Réessayez après `Retry-After` secondes. Une commande a pu être enregistrée : répétez-la avec la même "
            "Idempotency-Key.",
        ),
    ),
    "store-unconfirmed": Kind(
        503,
        Sentence("The store must be confirmed first", "La base doit d'abord être confirmée"),
        Sentence(
            "It was restored, moved, or not yet compared with its topic. Nothing was recorded; reading works. Try "
            "again: its worker confirms it within seconds, or says in `/ready` why not; then `reconcile` puts it "
            "right.",
            "Elle a été restaurée ou déplacée, ou n'a pas encore été comparée à son topic. Rien n'a été enregistré ; "
            "la lecture fonctionne. Réessayez : le processus `worker` la confirme en quelques secondes, ou dit dans "
            "`/ready` pourquoi il ne le peut pas ; `reconcile` y remédie alors.",
        ),
    ),
    "mirror-behind": Kind(
        503,
        Sentence("Something of another service is not known yet", "Des données d'un autre service manquent encore"),
        Sentence(
            "Whether this is to be refused rests on what another service may have changed since. Nothing was recorded: "
            "try again after `Retry-After` seconds.",
            "Le refus dépendrait de ce qu'un autre service a pu changer depuis. Rien n'a été enregistré : réessayez "
            "après `Retry-After` secondes.",
        ),
    ),
    "timed-out": Kind(
        503,
        Sentence("The answer took too long", "La réponse a trop tardé"),
        Sentence(
            "A command may have been stored: retry with the same Idempotency-Key.",
            "Une commande a pu être enregistrée : répétez-la avec la même Idempotency-Key.",
        ),
    ),
}


def title(slug: str) -> Sentence:
    """A title for a decider's slug: "Investment not completed". Slugs are English: in French all share a title."""
    return Sentence(slug.replace("-", " ").capitalize(), "Décision refusée")
