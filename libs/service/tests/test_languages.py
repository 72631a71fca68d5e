"""Problems are told in the language that is asked for, each of them and all of it."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest
from lamps import bearer, calling, service, settings_for
from pydantic_core.core_schema import ErrorType

from contracts.language import LANGUAGES, Sentence
from devstack.issuer import Issuer
from service.documents import openapi
from service.http import faults, sentences
from service.http.kinds import KINDS
from service.http.languages import language_of
from service.http.sentences import Said

pytestmark = pytest.mark.anyio

LAMP = {"company": "00000001800017", "watts": 70}
JSON = {"Content-Type": "application/json"}
NOBODY = "01a208f7-f16f-7485-b569-57556200edb8"


@pytest.fixture
async def client(shared_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(shared_database, issuer, max_body_bytes=2000, cors_origins=("https://app.test",))
    async with calling(settings, **bearer(issuer)) as client:
        yield client


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("fr", "fr"),
        ("FR", "fr"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("fr-CA", "fr"),
        ("en;q=0.9, fr;q=0.1", "en"),
        ("en;q=0.1 , fr ; Q=0.2", "fr"),
        ("fr;q=0.001, de", "fr"),
        ("de, fr;q=0.5, *;q=0.1", "fr"),
        ("fr, *", "fr"),
        ("fr, en", "fr"),
        ("en, fr", "en"),
        ("de, *;q=0.5", "en"),
        ("en;q=0, *", "fr"),
        ("en;q=0.2, *;q=0.5", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=0, *", "en"),
        ("fr;q=0, en;q=0", "en"),
        ("*", "en"),
        ("de-DE", "en"),
        ("frr", "en"),
        ("", "en"),
        (",,", "en"),
        ("français", "en"),
        ("fr;q=2", "en"),
        ("fr;q=x", "en"),
        ("fr;level=1", "en"),
        ("\x7f, ;;q=;=", "en"),
        ("fr q=1, fr", "fr"),
    ],
)
def test_the_language_is_the_one_that_is_wanted_most(wanted: str, language: str) -> None:
    assert language_of([(b"accept", b"*/*"), (b"accept-language", wanted.encode("latin-1"))]) == language


def test_a_header_in_several_lines_is_one_list() -> None:
    assert language_of([(b"accept-language", b"en;q=0.5"), (b"accept-language", b"fr")]) == "fr"
    assert language_of([]) == "en"


def test_every_sentence_is_in_both_languages() -> None:
    sentences_told = [
        *(value for value in vars(sentences).values() if isinstance(value, Sentence)),
        *(sentence for kind in KINDS.values() for sentence in (kind.title, kind.advice)),
        *faults.SENTENCES.values(),
    ]
    assert len(sentences_told) > 100
    assert [sentence for sentence in sentences_told if sentence.fr == sentence.en] == []
    assert {place for kind in KINDS.values() for place in kind.title.places | kind.advice.places} == set()


def test_what_a_sentence_speaks_of_must_be_said() -> None:
    with pytest.raises(TypeError, match="speaks of more than nothing"):
        Said(sentences.SCOPE_MISSING)
    assert Said(sentences.OTHER_METHODS, methods=["GET", "HEAD"]).told("fr").endswith("GET, HEAD")


def test_the_framework_beneath_is_never_quoted() -> None:
    for kind in get_args(ErrorType):
        context: dict[str, Any] = dict.fromkeys(("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length"), 7)
        context |= dict.fromkeys(("expected", "pattern", "discriminator", "expected_tags", "error"), "'x'")
        fault = faults.fault_of({"type": kind, "loc": ("body", "a"), "msg": "PYDANTIC", "ctx": context})
        english, french = (fault.written(language)["detail"] for language in LANGUAGES)
        assert "PYDANTIC" not in english + french
        assert english != french


Problem = tuple[str, str, dict[str, str], str | bytes, int, str, str]
"""A request by method, path, headers and body; the status of its answer, and what title and detail say in French."""
PROBLEMS: list[Problem] = [
    ("GET", "/v1/nothing", {}, "", 404, "Introuvable", "il n'y a rien à cette adresse"),
    (
        "GET",
        f"/v1/lamps/{NOBODY}",
        {},
        "",
        404,
        "Introuvable",
        f"aucun enregistrement « lamp » ne porte l'identifiant {NOBODY}",
    ),
    ("GET", "/problems/nothing", {}, "", 404, "Introuvable", "aucun problème ne porte ce nom"),
    ("DELETE", "/v1/lamps", {}, "", 405, "méthode", "les méthodes possibles ici sont GET, HEAD, POST"),
    ("POST", "/live", {}, "", 405, "méthode", "les méthodes possibles ici sont GET, HEAD"),
    ("POST", "/v1/lamps", JSON, "a" * 2001, 413, "volumineux", "le corps dépasse 2\u202f000 octets"),
    ("POST", "/v1/readings", JSON, "a" * 2001, 413, "volumineux", "le corps dépasse 2\u202f000 octets"),
    ("POST", "/v1/lamps", {"Content-Type": "text/plain"}, "{}", 415, "forme admise", "et non en text/plain"),
    ("POST", "/v1/lamps", JSON | {"Content-Length": "9"}, "{}", 400, "illisible", "2 octets, alors que 9"),
    ("POST", "/v1/lamps", JSON | {"If-Match": "*"}, "{}", 400, "en-tête", "un enregistrement qui existe déjà"),
    ("POST", f"/v1/lamps/{NOBODY}/light", {"If-Match": "3"}, "", 400, "en-tête", "If-Match doit être"),
    ("GET", "/v1/lamps", {"Authorization": "Basic x"}, "", 401, "jeton", "ne contient pas un jeton"),
    ("GET", "/v1/lamps", {"Authorization": "Bearer x"}, "", 401, "jeton", "le jeton n'est pas valable"),
    ("GET", "/v1/broken", {}, "", 500, "de notre côté", "cela n'aurait pas dû se produire"),
    ("GET", "/v1/lamps?colour=red", {}, "", 422, "forme attendue", "colour : ce paramètre n'existe pas"),
    ("GET", f"/v1/lamps/{NOBODY}?a=1", {}, "", 422, "forme attendue", "il n'y en a aucun ici"),
    ("GET", "/v1/lamps?limit=0", {}, "", 422, "forme attendue", "limit : un nombre de 1 à 200"),
    ("GET", "/v1/lamps?cursor=!", {}, "", 422, "forme attendue", "cursor : ce n'est pas un curseur"),
    ("GET", "/v1/lamps?status=off", {}, "", 422, "forme attendue", "status : valeurs possibles : 'dark', 'lit'"),
    ("GET", "/v1/report?least=few", {}, "", 422, "forme attendue", "least : un nombre entier est attendu"),
    ("POST", "/v1/lamps", JSON, "{}", 422, "forme attendue", "absente (et 1 autre erreur)"),
    (
        "POST",
        "/v1/lamps",
        JSON,
        "{,",
        422,
        "forme attendue",
        "# : ce n'est pas du JSON lisible, à partir de la ligne 1",
    ),
    ("POST", "/v1/readings", JSON, "{,", 422, "forme attendue", "# : ce n'est pas du JSON lisible"),
    ("POST", "/v1/readings", JSON, b"\xff", 422, "forme attendue", "# : ce n'est pas du JSON lisible"),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
async def test_problems_are_told_in_the_language_asked_for(client: httpx.AsyncClient, problem: Problem) -> None:
    await told_in_both(client, problem)


async def test_an_answer_that_took_too_long_is_told_in_the_language_asked_for(
    shared_database: str, issuer: Issuer
) -> None:
    async with calling(settings_for(shared_database, issuer, request_timeout=0.2), **bearer(issuer)) as impatient:
        await told_in_both(impatient, ("GET", "/v1/slow", {}, "", 503, "tardé", "dans le délai imparti"))


async def told_in_both(client: httpx.AsyncClient, problem: Problem) -> None:
    method, path, headers, body, status, title, detail = problem
    told = {}
    for language, wanted in (("fr", "fr-FR,fr;q=0.9,en;q=0.8"), ("en", "en;q=0.9, fr;q=0.1")):
        answer = await client.request(method, path, content=body, headers=headers | {"Accept-Language": wanted})
        assert (answer.status_code, answer.headers["content-language"]) == (status, language)
        assert "Accept-Language" in answer.headers["vary"]
        told[language] = answer.json()
    french, english = told["fr"], told["en"]
    assert title in french["title"]
    assert detail in french["detail"]
    assert french["title"] != english["title"]
    assert french["detail"] != english["detail"]
    assert french.get("parameters") == english.get("parameters")
    for fault, same in zip(french.get("errors", ()), english.get("errors", ()), strict=True):
        assert fault["detail"] != same["detail"]
        assert fault | {"detail": ""} == same | {"detail": ""}


async def test_a_token_is_refused_in_french(client: httpx.AsyncClient, issuer: Issuer) -> None:
    async def refused(scopes: str = "lamps:read", **claims: Any) -> dict[str, Any]:
        headers = {"Accept-Language": "fr", **bearer(issuer, scopes, **claims)}
        document: dict[str, Any] = (await client.get("/v1/lamps", headers=headers)).json()
        return document

    assert (await refused(exp=1))["detail"] == "le jeton a expiré"
    assert (await refused(nbf=4102444800))["detail"] == "le jeton n'est pas encore valable"
    assert (await refused(iss="https://elsewhere.test"))["detail"] == "le jeton provient d'un autre émetteur"
    assert (await refused(aud="elsewhere"))["detail"] == "le jeton est destiné à une autre audience"
    assert (await refused(sample="yes"))["detail"] == "les champs du jeton sont mal formés"
    assert (await refused(client_id=None))["detail"].startswith("le jeton ne désigne aucun client")
    without = await refused(exp=None)
    assert (without["detail"], without["parameters"]) == ("le jeton ne comporte pas le champ exp", {"claim": "exp"})
    missing = await refused("lamps:write")
    assert missing["detail"] == "le jeton ne comporte pas la portée (scope) lamps:read"
    assert missing["parameters"] == {"scope": "lamps:read"}


async def test_a_decision_is_refused_in_french(migrated_database: str, issuer: Issuer) -> None:
    async with calling(
        settings_for(migrated_database, issuer), **bearer(issuer), **{"Accept-Language": "fr"}
    ) as client:
        lamp = (await client.post("/v1/lamps", json=LAMP)).headers["location"]
        answer = await client.post(f"{lamp}/dim", json={"watts": 90})
        assert (answer.status_code, answer.headers["content-language"]) == (409, "fr")
        assert answer.json()["title"] == "Décision refusée"
        assert answer.json()["detail"] == "90 W ne font pas moins que 70 W"
        answer = await client.post(f"{lamp}/dim", json={"watts": 40}, headers=bearer(issuer, roles=["state"]))
        assert (answer.status_code, answer.headers["content-language"]) == (403, "fr")
        assert answer.json()["detail"] == "« dim » demande le rôle Mairie"
        assert answer.json()["parameters"] == {"decision": "dim", "roles": ["town_hall"]}
        stale = await client.post(f"{lamp}/dim", json={"watts": 40}, headers={"If-Match": '"7"'})
        assert stale.json()["detail"] == "l'enregistrement n'est pas, ou n'est plus, à la version 7"


async def test_each_fault_says_what_it_speaks_of(client: httpx.AsyncClient) -> None:
    body = {"company": 1, "watts": 401, "colour": "red", "fixing": {"height": 1, "arms": ["much too long"]}}
    answer = await client.post("/v1/lamps", json=body, headers={"Accept-Language": "fr"})
    assert answer.json()["errors"] == [
        {"pointer": "#/company", "detail": "une chaîne de caractères est attendue", "code": "string_type"},
        {
            "pointer": "#/watts",
            "detail": "le nombre doit être au plus égal à 400",
            "code": "less_than_equal",
            "parameters": {"le": 400},
        },
        {
            "pointer": "#/fixing/arms/0",
            "detail": "le texte est trop long : la longueur maximale est de 10",
            "code": "string_too_long",
            "parameters": {"max_length": 10},
        },
        {"pointer": "#/colour", "detail": "ce champ n'existe pas", "code": "extra_forbidden"},
    ]


@pytest.mark.parametrize("wanted", [None, "", "garbage;;", "de", "*"])
async def test_english_is_spoken_to_all_others(client: httpx.AsyncClient, wanted: str | None) -> None:
    headers = {} if wanted is None else {"Accept-Language": wanted}
    answer = await client.get("/v1/nothing", headers=headers)
    assert answer.headers["content-language"] == "en"
    assert answer.json()["detail"] == "nothing is at this path"


async def test_the_meaning_of_problems_is_told_in_both_languages(client: httpx.AsyncClient) -> None:
    told = {}
    for language in LANGUAGES:
        answer = await client.get("/problems", headers={"Accept-Language": language})
        assert answer.headers["content-language"] == language
        assert "Accept-Language" in answer.headers["vary"]
        told[language] = {item["slug"]: item for item in answer.json()["items"]}
    assert told["fr"].keys() == told["en"].keys() > KINDS.keys()
    for slug in told["fr"]:
        french = (await client.get(f"/problems/{slug}", headers={"Accept-Language": "fr"})).json()
        assert french == told["fr"][slug]
        assert french["title"] != told["en"][slug]["title"]
        assert french["advice"] != told["en"][slug]["advice"]


async def test_a_frontend_of_another_origin_may_ask_for_french(client: httpx.AsyncClient) -> None:
    origin = {"Origin": "https://app.test", "Accept-Language": "fr"}
    asked = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "accept-language"}
    assert (await client.options("/v1/lamps", headers=asked)).status_code == 200
    answer = await client.get("/v1/nothing", headers=origin)
    assert {part.strip().lower() for part in answer.headers["vary"].split(",")} == {"origin", "accept-language"}


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        ({"Origin": "https://b.test"}, "les scripts de l'origine https://b.test ne peuvent pas"),
        ({"Access-Control-Request-Method": "DELETE"}, "utiliser la méthode DELETE"),
        ({"Access-Control-Request-Headers": "x-a, accept"}, "ces en-têtes : x-a, accept"),
        ({"Access-Control-Request-Private-Network": "true"}, "sur un réseau privé"),
    ],
)
async def test_a_preflight_is_refused_in_french(client: httpx.AsyncClient, asked: dict[str, str], detail: str) -> None:
    headers = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST", "Accept-Language": "fr"}
    answer = await client.options("/v1/lamps", headers=headers | asked)
    assert (answer.status_code, answer.headers["content-language"]) == (400, "fr")
    assert detail in answer.json()["detail"]
    assert "Accept-Language" in answer.headers["vary"]


def test_the_document_tells_how_to_ask_for_a_language() -> None:
    document = openapi.document(service)
    reference = {"$ref": "#/components/parameters/Accept-Language"}
    assert [path for path, each in document["paths"].items() if reference not in each["parameters"]] == []
    for answer in document["components"]["responses"].values():
        assert "Content-Language" in answer["headers"]
