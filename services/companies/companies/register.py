"""The register of outgoing waste [registre des déchets sortants] that each producer keeps, as a table.

Its columns are those that article 2 of the order of 31 May 2021 [arrêté du 31 mai 2021 fixant le contenu des registres
déchets, terres excavées et sédiments] asks of producers, as far as movements hold them:

| column | in the order |
| --- | --- |
| `sent_on` | date de l'expédition du déchet |
| `description` | dénomination usuelle |
| `waste`, `waste_name` | code du déchet au regard de l'article R541-7, with what the list calls it |
| `slip` | numéro du bordereau de suivi |
| `tonnes_sent` | quantité de déchet sortant, in tonnes |
| `producer`, `producer_name`, `producer_commune` | producteur: SIRET, raison sociale; the commune for the address |
| `carrier`, `carrier_name` | transporteur: SIRET, raison sociale |
| `treatment_site`, `treatment_site_name` | établissement vers lequel le déchet est expédié: SIRET, raison sociale |
| `treatment` | code du traitement: as planned until it is processed, then as it was treated |
| `mode` | qualification du traitement final (L541-1); empty until it is processed, and of what is never final |
| `status`, `id` | not of the order: what refused waste came back, and where the record is |

Names are those under which companies applied to the network; of others, and of sole traders, there is none. Left out is
what movements do not hold: addresses and places of collection, receipts of carriers [récépissés], whether there are
persistent organic pollutants, codes of the Basel convention, brokers, dealers and eco-organisations, and numbers of
transfrontier shipments.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from companies.company import companies
from companies.waste_movement import WasteMovement, waste_movements
from contracts import codes
from contracts.companies.waste_movement import MovementStatus, TreatmentMode
from contracts.labels import called
from contracts.language import Language
from contracts.model import FIRST_DAY, LAST_DAY
from contracts.values import Siret
from eventstore.decider import Actor
from eventstore.execution import Outcome, pages, revive
from eventstore.finding import order_of
from eventstore.postgres.listing import Range, Wanted
from eventstore.postgres.store import Store
from service.http.auth import Caller
from service.http.faults import Fault
from service.http.problems import invalid
from service.http.reading import Readers, Reads
from service.http.routes import AskedDay, CurrentLanguage, CurrentStore, requires
from service.http.sentences import EMPTY_RANGE, Said
from service.http.spreadsheets import MEDIA_TYPE, as_csv, heading

COLUMNS: Final[Mapping[str, str]] = {
    "sent_on": "Date d'expédition",
    "description": "Dénomination usuelle",
    "waste": "Code déchet",
    "waste_name": "Libellé du code déchet",
    "slip": "N° de bordereau",
    "tonnes_sent": "Quantité sortante (t)",
    "producer": "SIRET du producteur",
    "producer_name": "Raison sociale du producteur",
    "producer_commune": "Commune du producteur (code INSEE)",
    "carrier": "SIRET du transporteur",
    "carrier_name": "Raison sociale du transporteur",
    "treatment_site": "SIRET du destinataire",
    "treatment_site_name": "Raison sociale du destinataire",
    "treatment": "Code de traitement",
    "mode": "Qualification du traitement final",
    "status": "État du mouvement",
    "id": "Identifiant du mouvement",
}
"""With their French titles."""
AT_ONCE: Final = 500
"""How many movements are read, and sent, at a time."""

_EXAMPLE: Final = (
    f"{','.join(COLUMNS)}\n"
    "2024-05-14,Émulsions d'usinage,120109*,émulsions et solutions d'usinage sans halogènes,BSD-20240513-A1B2C3,12.5,"
    "00000001800010,Exemple Fonderie,36088,00000002600013,,00000003400017,,R3,recycling,processed,"
    "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d\n"
)


class AskedRegister(BaseModel):
    """Whose register, and of which period."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    company: Siret | None = None
    """Only of this producer."""
    first: Annotated[AskedDay, Field(alias="from")] = FIRST_DAY
    """The first day of sending."""
    last: Annotated[AskedDay, Field(alias="to")] = LAST_DAY
    """The last one."""


def register(reads: Reads) -> APIRouter:
    """The route of the register, of those movements that a caller reads."""
    router = APIRouter(tags=["waste-movements"], generate_unique_id_function=lambda route: route.name)
    readers = Readers(waste_movements, reads)

    @router.get(
        "/v1/waste-movements/register",
        summary="The register of outgoing waste",
        response_class=StreamingResponse,
        responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}}}},
    )
    async def read_waste_register(
        caller: Annotated[Caller, requires("companies:read")],
        store: CurrentStore,
        response: Response,
        language: CurrentLanguage,
        asked: Annotated[AskedRegister, Query()],
    ) -> StreamingResponse:
        """CSV, a row for each movement that was sent in the period and that the caller reads, in the order of the days.

        With `Accept-Language: fr`, which a French browser sends by itself, it is for a French spreadsheet: semicolons,
        decimal commas, French titles and codes by what they are called, in UTF-8 with a byte order mark. Programs that
        read it ask for `en`.

        A company has its own as producer, and what it carried or received of others.
        """
        if asked.last < asked.first:
            said = Said(EMPTY_RANGE, least=asked.first, greatest=asked.last)
            raise invalid([Fault({"parameter": "to"}, "empty_range", said)])
        rows = _rows(store, _wanted(readers, caller.actor, asked), language)
        # The first ones before the answer begins, so that what goes wrong is still told as a problem.
        first = await anext(rows, "")
        return StreamingResponse(_table(first, rows, language), media_type=MEDIA_TYPE, headers=response.headers)

    return router


def _wanted(readers: Readers, actor: Actor, asked: AskedRegister) -> Wanted | None:
    """The movements that the caller is shown; None where there are none that he may be."""
    queries = [waste_movements.labelling.having([("company", asked.company)])] if asked.company else []
    if not readers.reads_all(actor):
        owned = readers.owned(actor)
        if not owned:
            return None
        queries.append(waste_movements.labelling.having(owned))
    return Wanted(
        waste_movements.category,
        labels=" & ".join(queries),
        ranges=[Range("sent_on", order_of(asked.first), order_of(asked.last))],
        sort="sent_on",
        limit=AT_ONCE,
    )


async def _rows(store: Store, wanted: Wanted | None, language: Language) -> AsyncIterator[str]:
    """The rows, some at a time."""
    if wanted is not None:
        async for page in pages(store, waste_movements, wanted):
            names = await _names(store, page)
            yield as_csv([_row(each, names, language) for each in page], language)


async def _table(first: str, others: AsyncIterator[str], language: Language) -> AsyncIterator[str]:
    yield heading(COLUMNS, language) + first
    async for page in others:
        yield page


async def _names(store: Store, movements: Collection[Outcome[WasteMovement]]) -> Mapping[str, str]:
    """What the companies on these slips are called, as far as the network knows."""
    sirets = {
        siret for each in movements for siret in (each.state.company, each.state.carrier, each.state.treatment_site)
    }
    streams = await store.load_all([companies.stream_id(siret) for siret in sorted(sirets)])
    known = [(await revive(store, companies, stream)).state for stream in streams if stream]
    return {company.siret: company.name for company in known if company.name}


def _row(movement: Outcome[WasteMovement], names: Mapping[str, str], language: Language) -> Sequence[object]:
    state = movement.state
    mode, status = state.mode, state.status
    return (
        state.sent_on,
        state.description,
        state.waste,
        codes.waste().get(state.waste),
        state.slip,
        state.tonnes_sent,
        state.company,
        names.get(state.company),
        state.commune,
        state.carrier,
        names.get(state.carrier),
        state.treatment_site,
        names.get(state.treatment_site),
        state.treatment or state.treatment_planned,
        called(get_args(TreatmentMode), mode, language) if mode and language == "fr" else mode,
        called(get_args(MovementStatus), status, language) if language == "fr" else status,
        movement.identity,
    )
