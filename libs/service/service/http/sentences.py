"""What a service says of a request that it does not answer as asked, in both languages."""

from collections.abc import Mapping
from typing import Final, Protocol

from contracts.language import Language, Sentence


class Told(Protocol):
    """What can be told in either language, and what it speaks of."""

    @property
    def parameters(self) -> Mapping[str, object]:
        """What it speaks of, by name."""
        ...

    def told(self, language: Language) -> str:
        """It, in one language."""
        ...


class Said:
    """A sentence, and what it speaks of. Raises TypeError where a place of the sentence is left open."""

    def __init__(self, sentence: Sentence, /, **parameters: object) -> None:
        if not sentence.places <= parameters.keys():
            raise TypeError(f"{sentence.en!r} speaks of more than {', '.join(parameters) or 'nothing'}")
        self._sentence = sentence
        self.parameters: Mapping[str, object] = parameters

    def told(self, language: Language) -> str:
        """The sentence in one language."""
        return self._sentence.told(language, **self.parameters)


# The request as it comes

NOT_HTTP: Final = Sentence("the request is not well-formed HTTP/1.1", "la requête n'est pas conforme à HTTP/1.1")
TARGET_MALFORMED: Final = Sentence(
    "the target of the request is not well-formed", "l'adresse demandée n'est pas bien formée"
)
NO_PROXY: Final = Sentence(
    "this is no proxy, so there is nothing to CONNECT to",
    "ce serveur n'est pas un mandataire (proxy) : la méthode CONNECT n'y mène nulle part",
)
BODY_INCOMPLETE: Final = Sentence(
    "{received} {received:byte|bytes} of the {announced} announced {received:is|are} there",
    "le corps compte {received} {received:octet|octets}, alors que {announced} étaient annoncés",
)
ENCODED: Final = Sentence(
    "a body in the encoding {encoding} can't be read: send it as it is",
    "un corps encodé en {encoding} ne peut pas être lu : envoyez-le tel quel",
)
HEADERS_LATE: Final = Sentence(
    "the headers did not arrive in time", "les en-têtes ne sont pas arrivés dans le délai imparti"
)
BODY_LATE: Final = Sentence("the body did not arrive in time", "le corps n'est pas arrivé dans le délai imparti")
TARGET_TOO_LONG: Final = Sentence("the target is longer than {limit} bytes", "l'adresse dépasse {limit} octets")
HEADERS_TOO_LARGE: Final = Sentence(
    "the headers are larger than {limit} bytes", "les en-têtes dépassent {limit} octets"
)
BODY_TOO_LARGE: Final = Sentence("the body is larger than {limit} bytes", "le corps dépasse {limit} octets")
TOO_MANY_CONNECTIONS: Final = Sentence("too many connections are open", "trop de connexions sont ouvertes")
ORIGIN_REFUSED: Final = Sentence(
    "scripts of the origin {origin} may not call this service",
    "les scripts de l'origine {origin} ne peuvent pas appeler ce service",
)
METHOD_REFUSED: Final = Sentence(
    "scripts of another origin may not send {method}",
    "les scripts d'une autre origine ne peuvent pas utiliser la méthode {method}",
)
HEADERS_REFUSED: Final = Sentence(
    "scripts of another origin may not send all of these headers: {headers}",
    "les scripts d'une autre origine ne peuvent pas envoyer tous ces en-têtes : {headers}",
)
NETWORK_REFUSED: Final = Sentence(
    "scripts of a public network may not call this service on a private one",
    "les scripts d'un réseau public ne peuvent pas appeler ce service sur un réseau privé",
)

# What it asks for

NOTHING_HERE: Final = Sentence("nothing is at this path", "il n'y a rien à cette adresse")
NO_RECORD: Final = Sentence(
    "there is no {category} {identity}", "aucun enregistrement « {category} » ne porte l'identifiant {identity}"
)
HISTORY_NOT_YOURS: Final = Sentence(
    "a history is for those who may read the whole record",
    "l'historique est réservé à qui peut lire l'enregistrement entier",
)
NO_PROBLEM: Final = Sentence("there is no problem of this slug", "aucun problème ne porte ce nom")
MIRROR_BEHIND: Final = Sentence(
    "what this service must know of another one is not up to date yet",
    "ce que ce service doit savoir d'un autre n'est pas encore à jour",
)
NOBODY: Final = Sentence("there is nobody known as {person}", "personne n'est connu comme {person}")
NO_LIST: Final = Sentence("there is no list of this name", "aucune liste ne porte ce nom")
NO_FILE: Final = Sentence("the documentation has no such file", "ce fichier ne fait pas partie de la documentation")
OTHER_METHODS: Final = Sentence(
    "the {methods:method|methods} here {methods:is|are} {methods}",
    "{methods:la méthode possible ici est|les méthodes possibles ici sont} {methods}",
)
OTHER_STATUS: Final = Sentence(
    "the request is answered with status {status}", "la réponse à cette requête est le statut {status}"
)

# Its headers

KEY_MALFORMED: Final = Sentence(
    "Idempotency-Key must be 1 to 255 printable ASCII characters",
    "Idempotency-Key doit compter de 1 à 255 caractères ASCII imprimables",
)
IF_MATCH_MALFORMED: Final = Sentence(
    'If-Match must be one version as the ETag gives it, such as "3", or *',
    'If-Match doit être une seule version, telle que la donne ETag ("3" par exemple), ou *',
)
IF_MATCH_OF_NOTHING: Final = Sentence(
    "If-Match is for a record that is there already", "If-Match ne concerne qu'un enregistrement qui existe déjà"
)
CORRELATION_MALFORMED: Final = Sentence(
    "X-Correlation-Id must be 1 to 128 printable ASCII characters without spaces",
    "X-Correlation-Id doit compter de 1 à 128 caractères ASCII imprimables, sans espace",
)
NOT_JSON: Final = Sentence(
    "the body must be application/json in UTF-8, not {media_type}",
    "le corps doit être en application/json, en UTF-8, et non en {media_type}",
)
JSON_UNTOLD: Final = Sentence(
    "the body must be application/json in UTF-8, and the Content-Type header must say so",
    "le corps doit être en application/json, en UTF-8, et l'en-tête Content-Type doit l'indiquer",
)

# Its token

TOKEN_NEEDED: Final = Sentence("this needs a bearer token", "un jeton (Bearer) est nécessaire")
NOT_BEARER: Final = Sentence(
    "the Authorization header is not a bearer token", "l'en-tête Authorization ne contient pas un jeton (Bearer)"
)
TOKEN_EXPIRED: Final = Sentence("the token has expired", "le jeton a expiré")
TOKEN_TOO_EARLY: Final = Sentence("the token is not yet valid", "le jeton n'est pas encore valable")
TOKEN_UNREADABLE: Final = Sentence("the token is not valid", "le jeton n'est pas valable")
TOKEN_FORGED: Final = Sentence(
    "the token's signature is not that of its issuer", "la signature du jeton n'est pas celle de son émetteur"
)
TOKEN_OF_ANOTHER_ISSUER: Final = Sentence("the token is of another issuer", "le jeton provient d'un autre émetteur")
TOKEN_FOR_ANOTHER_AUDIENCE: Final = Sentence(
    "the token is for another audience", "le jeton est destiné à une autre audience"
)
TOKEN_ALGORITHM: Final = Sentence(
    "the token is signed by an algorithm that is not its key's",
    "le jeton est signé avec un algorithme qui n'est pas celui de sa clé",
)
CLAIM_MISSING: Final = Sentence("the token lacks the claim {claim}", "le jeton ne comporte pas le champ {claim}")
CLAIMS_MALFORMED: Final = Sentence("the token's claims are malformed", "les champs du jeton sont mal formés")
CLIENT_UNNAMED: Final = Sentence(
    "the token names no client: it needs client_id or azp",
    "le jeton ne désigne aucun client : il lui faut client_id ou azp",
)
KEY_UNPUBLISHED: Final = Sentence(
    "the token is signed with a key its issuer does not publish",
    "le jeton est signé avec une clé que son émetteur ne publie pas",
)
SCOPE_MISSING: Final = Sentence(
    "the token lacks the scope {scope}", "le jeton ne comporte pas la portée (scope) {scope}"
)

# What it would change

NEVER_A_VERSION: Final = Sentence(
    "the value of If-Match is not a tag this record has had: send its ETag as it is",
    "la valeur de If-Match n'a jamais désigné une version de cet enregistrement : renvoyez son ETag tel quel",
)
NOT_AT_VERSION: Final = Sentence(
    "the record is not at version {version} (any more)",
    "l'enregistrement n'est pas, ou n'est plus, à la version {version}",
)
KEY_REUSED: Final = Sentence(
    "this Idempotency-Key was sent before with another body",
    "cette Idempotency-Key a déjà été envoyée avec un autre corps",
)
EVENT_TOO_LARGE: Final = Sentence("the event would be larger than 256 kB", "l'événement dépasserait 256 ko")

# What is away

ISSUER_AWAY: Final = Sentence(
    "the issuer of tokens does not answer, and this one's key is unknown",
    "l'émetteur des jetons ne répond pas, et la clé de celui-ci est inconnue",
)
DATABASE_AWAY: Final = Sentence("the database does not answer", "la base de données ne répond pas")
STOPPING: Final = Sentence("the service is stopping", "le service est en cours d'arrêt")
NO_ANSWER_IN_TIME: Final = Sentence("no answer in time", "la réponse n'a pas pu être donnée dans le délai imparti")
STORE_UNCONFIRMED: Final = Sentence(
    "nothing is recorded until the store is confirmed: if the worker does not do that within seconds, its log says "
    "why, and `reconcile` puts it right",
    "rien n'est enregistré tant que la base n'est pas confirmée : si le processus `worker` ne le fait pas en quelques "
    "secondes, son journal dit pourquoi, et `reconcile` y remédie",
)
BUG: Final = Sentence(
    "this should not have happened, and is logged", "cela n'aurait pas dû se produire ; l'erreur est journalisée"
)

# Parameters of a query

NO_PARAMETER: Final = Sentence(
    "there is no such parameter; there {known:is|are} {known}",
    "ce paramètre n'existe pas ; {known:le seul est|les paramètres sont} {known}",
)
NO_PARAMETERS: Final = Sentence(
    "there is no such parameter; there are none here", "ce paramètre n'existe pas ; il n'y en a aucun ici"
)
GIVEN_TWICE: Final = Sentence("given twice", "paramètre donné deux fois")
LIMIT_OUT_OF_RANGE: Final = Sentence("a number from 1 to {greatest}", "un nombre de 1 à {greatest}")
NOT_A_CURSOR: Final = Sentence(
    "not a cursor that this list gave, in this order", "ce n'est pas un curseur fourni par cette liste, dans cet ordre"
)
NOT_A_CHOICE: Final = Sentence("possible values: {choices}", "valeurs possibles : {choices}")
TOO_MANY_VALUES: Final = Sentence("at most {most} values", "{most} valeurs au plus")
EMPTY_RANGE: Final = Sentence("nothing is from {least} to {greatest}", "rien n'est compris entre {least} et {greatest}")
WORDS_OUT_OF_RANGE: Final = Sentence(
    "1 to {most} words, or beginnings of words", "de 1 à {most} mots, ou débuts de mots"
)
MOMENT_MALFORMED: Final = Sentence(
    "a moment with its offset, as in 2024-05-13T08:30:00Z; a + is written %2B in an address",
    "un instant avec son décalage, comme 2024-05-13T08:30:00Z ; un + s'écrit %2B dans une adresse",
)
CONTROL_CHARACTERS: Final = Sentence(
    "control characters are not allowed", "les caractères de contrôle ne sont pas admis"
)

# Files of commands

FILE_TYPES: Final = Sentence(
    "a file of commands is text/csv or application/jsonl, in UTF-8",
    "un fichier de commandes est du text/csv ou de l'application/jsonl, en UTF-8",
)
FILE_EMPTY: Final = Sentence("there is no command in it", "il ne contient aucune commande")
LINE_TOO_LONG: Final = Sentence("line {line} is longer than {limit} bytes", "la ligne {line} dépasse {limit} octets")
LINE_NOT_TEXT: Final = Sentence(
    "line {line} is not UTF-8: save it as such, which Excel calls CSV UTF-8",
    "la ligne {line} n'est pas en UTF-8 : enregistrez le fichier ainsi (« CSV UTF-8 » dans Excel)",
)
PATH_NEEDED: Final = Sentence(
    "the rows of a CSV file are commands of one path, as in /v1/meters/{{id}}/record-reading, where the column id "
    "tells of which record",
    "les lignes d'un fichier CSV sont des commandes d'une même adresse, comme /v1/meters/{{id}}/record-reading, où la "
    "colonne id dit pour quel enregistrement",
)
PATH_PER_LINE: Final = Sentence(
    "each line of such a file tells its own path", "chaque ligne d'un tel fichier indique sa propre adresse"
)
NO_COMMAND: Final = Sentence("no command is at this path", "aucune commande n'est à cette adresse")
TABLE_OF_ROWS: Final = Sentence("a table is a CSV file", "une table est un fichier CSV")
NO_TABLE: Final = Sentence("no table that is taken is called so", "aucune table admise ne porte ce nom")
PATH_OF_TABLE: Final = Sentence(
    "the table says what its rows are commands to", "la table dit à quelle adresse vont ses lignes"
)
COLUMN_NOT_OF_TABLE: Final = Sentence("the table has no such column", "la table n'a pas cette colonne")
COLUMN_UNKNOWN: Final = Sentence("the command has no such field", "la commande n'a pas ce champ")
COLUMN_UNNAMED: Final = Sentence(
    "something is in a column without a name", "quelque chose se trouve dans une colonne sans nom"
)
COLUMN_OF_OTHERS: Final = Sentence(
    "other columns are parts of it, so it has no cells of its own",
    "d'autres colonnes en sont des parties : elle n'a donc pas de cellules à elle",
)
COLUMN_TWICE: Final = Sentence("two columns are called so", "deux colonnes portent ce nom")
HEADER_UNREADABLE: Final = Sentence(
    "the first line does not name the columns of a CSV file",
    "la première ligne ne nomme pas les colonnes d'un fichier CSV",
)
ROW_UNREADABLE: Final = Sentence("the row is not well-formed CSV", "la ligne n'est pas du CSV bien formé")
ROW_OF_OTHER_WIDTH: Final = Sentence(
    "the row has {cells} {cells:cell|cells}, and the file {columns} {columns:column|columns}",
    "la ligne a {cells} {cells:cellule|cellules}, et le fichier {columns} {columns:colonne|colonnes}",
)
NAME_UNKNOWN: Final = Sentence(
    "no line before this one calls its record {name}", "aucune ligne précédente n'appelle son enregistrement {name}"
)
NAME_TWICE: Final = Sentence(
    "a line before this one calls its record {name}", "une ligne précédente appelle déjà son enregistrement {name}"
)
NAME_OF_NOTHING_NEW: Final = Sentence(
    "only a line that begins a record names it", "seule une ligne qui commence un enregistrement le nomme"
)
NO_IMPORT: Final = Sentence("there is no such import of yours", "aucun import de votre part ne porte cet identifiant")
