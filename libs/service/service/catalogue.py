"""Every problem a service may answer with: its slug, what it means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """One kind of problem."""

    status: int
    title: str
    advice: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed-request": Kind(
        400,
        "The request can't be read",
        "It is not HTTP/1.1, or not all there, as the detail says. Nothing was stored.",
    ),
    "malformed-header": Kind(400, "A header can't be read", "Correct the header named in the detail."),
    "preflight-refused": Kind(
        400, "Not from this origin", "A browser asked whether a script may send what the detail names: it may not."
    ),
    "unauthenticated": Kind(
        401, "A valid token is needed", "Get a token from the issuer and send it as `Authorization: Bearer <token>`."
    ),
    "scope-missing": Kind(
        403, "The token lacks a scope", "Ask the issuer for a token with the scope named in `scope`."
    ),
    "role-missing": Kind(
        403, "Another role's decision", "The token carries none of the roles that may issue this decision."
    ),
    "not-your-record": Kind(
        403, "Someone else's record", "The role acts for one organisation, and the record belongs to another."
    ),
    "not-found": Kind(404, "Nothing is there", "There is no such path, or no record of this id."),
    "method-not-allowed": Kind(405, "The path has no such method", "The `Allow` header lists the methods it has."),
    "request-timeout": Kind(
        408, "The request came too slowly", "It was not complete in time. Nothing was stored; send it again."
    ),
    "on-in-the-future": Kind(
        409, "The day is in the future", "`on` is the day a decision took effect: today in Europe/Paris at the latest."
    ),
    "on-before-previous-step": Kind(
        409,
        "The day is before the previous step",
        "Steps are entered in the order they took effect; `parameters.previous` is the day of the latest one.",
    ),
    "stale": Kind(
        412, "The record has changed", "It is no longer at the version of If-Match: get it again and decide anew."
    ),
    "body-too-large": Kind(413, "The body is too large", "Send at most `limit` bytes in one request."),
    "event-too-large": Kind(413, "The event would be too large", "An event holds at most 256 kB: say less at once."),
    "target-too-long": Kind(414, "The address is too long", "Ask for less at once: a filter may name fewer values."),
    "unsupported-media-type": Kind(415, "Not JSON", "Send `Content-Type: application/json`, in UTF-8."),
    "invalid": Kind(
        422,
        "The request does not have the form it needs",
        "`errors` lists each fault, with a JSON pointer into the body or the name of the parameter.",
    ),
    "idempotency-key-reused": Kind(
        422,
        "The Idempotency-Key was used for another body",
        "Use a new key for a new request; to retry one, send the same bytes.",
    ),
    "headers-too-large": Kind(431, "The headers are too large", "Send fewer or shorter headers: a smaller token, say."),
    "internal": Kind(
        500,
        "A fault of ours",
        "It is logged under `trace_id`. A command may have been stored: retry with the same Idempotency-Key.",
    ),
    "unavailable": Kind(
        503,
        "Something the service needs is away",
        "Try again after `Retry-After` seconds. A command may have been stored: retry with the same Idempotency-Key.",
    ),
    "store-unconfirmed": Kind(
        503,
        "The store must be confirmed first",
        "It was restored, moved, or not yet compared with its topic. Nothing was recorded; reading works. Try again: "
        "its worker confirms it within seconds, or says in `/ready` why not; then `reconcile` puts it right.",
    ),
    "timed-out": Kind(
        503, "The answer took too long", "A command may have been stored: retry with the same Idempotency-Key."
    ),
}


def title(slug: str) -> str:
    """A title for a decider's slug: "Investment not completed"."""
    return slug.replace("-", " ").capitalize()
