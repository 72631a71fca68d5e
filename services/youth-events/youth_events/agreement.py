"""The agreement of an immersion [convention], as those who sign it read and print it: HTML, and the same as PDF.

What is signed is the HTML, byte for byte: `digest` of it is the `document` of every signature. It says nothing that
changes while people sign. Should a release word it otherwise, whoever has not signed by then is refused, as the others
have signed something else, until the agency tells the terms anew.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any, Final

from font_source_sans_pro import font_files_ttf
from fpdf import FPDF
from fpdf.fonts import TextStyle
from jinja2 import Environment, PackageLoader, StrictUndefined

from contracts import codes
from contracts.labels import VOCABULARIES
from contracts.language import written
from youth_events.immersion import Immersion

STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff}main{max-width:46rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.15rem}button{font:inherit;padding:.75rem 1.5rem}"
    "small{overflow-wrap:anywhere}article{border:1px solid #767676;padding:1rem}"
)
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may do: be read, and send its form."""
_FONT: Final = "SourceSansPro"
_TEXTS: Final = Environment(
    loader=PackageLoader("youth_events", "texts"),
    autoescape=True,
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)

Known = Mapping[str, Mapping[str, Any]]
"""What is known of persons, by their pseudonyms."""


def page(title: str, content: str) -> str:
    """A page of its own. `content` is HTML."""
    return _TEXTS.get_template("page.html").render(title=title, style=STYLE, content=content)


def rendered(name: str, **said: object) -> str:
    """One of the texts, as HTML; what is said is escaped unless the text takes it for HTML."""
    return _TEXTS.get_template(name).render(**said)


def agreement(identity: str, immersion: Immersion, known: Known, keyed: Callable[[bytes], bytes]) -> str:
    """The agreement as HTML, without what makes a page of it. Raises LookupError where somebody was erased.

    The control code is what nobody can guess: without it, the hash in an event would tell whether somebody is named in
    the document to whoever tries names.
    """
    control = keyed(f"agreement\x00{identity}\x00{immersion.terms}".encode())[:12].hex()
    guardian = immersion.guardian and _named(known[immersion.guardian])
    label = VOCABULARIES["immersion-objectives"][immersion.objective].fr
    return rendered(
        "agreement.html",
        identity=identity,
        terms=immersion.terms,
        agency=VOCABULARIES["agencies"][immersion.agency].fr,
        adviser=_named(known[immersion.adviser]),
        company=immersion.company,
        commune=codes.communes().get(immersion.commune, immersion.commune),
        representative=_named(known[immersion.representative]),
        beneficiary=_named(known[immersion.beneficiary]),
        born_on=written(date.fromisoformat(known[immersion.beneficiary]["born_on"]), "fr"),
        guardian=guardian,
        tutor=_named(known[immersion.tutor]),
        objective=label,
        rome=f"{codes.rome().get(immersion.rome, '')} ({immersion.rome})".strip(),
        begins_on=written(immersion.begins_on, "fr"),
        ends_on=written(immersion.ends_on, "fr"),
        presence_days=immersion.presence_days,
        weekdays=", ".join(VOCABULARIES["weekdays"][day].fr.lower() for day in immersion.weekdays),
        arrives=immersion.arrives,
        leaves=immersion.leaves,
        pause=immersion.break_minutes,
        daily=_hours(immersion.daily_minutes),
        weekly=_hours(immersion.weekly_minutes),
        control=control,
    )


def whole(content: str) -> bytes:
    """The page that is signed, of an agreement."""
    return page("Convention de mise en situation en milieu professionnel", content).encode()


def digest(content: str) -> str:
    """The hash of the page that is signed: SHA-256, as `sha256sum` prints it."""
    return sha256(whole(content)).hexdigest()


def printed(content: str, immersion: Immersion) -> bytes:
    """The agreement as PDF, with who has signed it, and the hash of what is signed at the foot of each page."""
    signed = [
        (VOCABULARIES["signatories"][link.signatory].fr, written(link.signed_on, "fr"))
        for link in immersion.links
        if link.signed_on
    ]
    pdf = _Printed(digest(content))
    # Of the agreement and not of the moment: printed twice it is the same file.
    pdf.set_creation_date(datetime.combine(immersion.prepared_on, time(), UTC))
    pdf.set_lang("fr")
    pdf.set_title("Convention de mise en situation en milieu professionnel")
    pdf.set_margins(20, 20)
    pdf.add_page()
    pdf.set_font(_FONT, size=11)
    headings = {name: TextStyle(_FONT, "B", size, 0, t_margin=4, b_margin=1) for name, size in (("h1", 17), ("h2", 13))}
    pdf.write_html(content + rendered("signed.html", signed=signed), tag_styles=headings, font_family=_FONT)
    return bytes(pdf.output())


class _Printed(FPDF):
    def __init__(self, document: str) -> None:
        super().__init__()
        self._document = document
        self.add_font(_FONT, "", font_files_ttf["SourceSansPro"])
        self.add_font(_FONT, "B", font_files_ttf["SourceSansProBold"])

    def footer(self) -> None:
        """What stands at the foot of each page."""
        self.set_y(-15)
        self.set_font(_FONT, size=8)
        self.cell(text=f"SHA-256 {self._document} · page {self.page_no()}/{{nb}}")


def _named(person: Mapping[str, Any]) -> str:
    return f"{person['given_name']} {person['family_name']}"


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02}" if minutes % 60 else f"{minutes // 60} h"
