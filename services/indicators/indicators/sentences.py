"""What the indicators say of a question that they do not answer, in both languages."""

from collections.abc import Mapping
from typing import Final

from contracts.language import Sentence
from service.http.kinds import Kind

KINDS: Final[Mapping[str, Kind]] = {
    "unknown-indicator": Kind(
        422,
        Sentence("No indicator of this name", "Aucun indicateur de ce nom"),
        Sentence(
            "The catalogue, `/indicators/v1/indicators`, lists all of them.",
            "Le catalogue, `/indicators/v1/indicators`, les énumère tous.",
        ),
    ),
    "unknown-chapter": Kind(
        422,
        Sentence("No chapter of this name", "Aucun chapitre de ce nom"),
        Sentence(
            "Each entry of the catalogue says the chapter that it is in.",
            "Chaque entrée du catalogue indique le chapitre dont elle fait partie.",
        ),
    ),
    "unknown-dimension": Kind(
        422,
        Sentence("The indicator has no such dimension", "L'indicateur n'a pas cette dimension"),
        Sentence(
            "It is broken down and filtered by those that its entry in the catalogue lists, and by month, quarter or "
            "year.",
            "Il se ventile et se filtre selon celles que donne son entrée au catalogue, et par mois, trimestre ou "
            "année.",
        ),
    ),
    "not-answered": Kind(
        422,
        Sentence("The indicator is not asked in this way", "L'indicateur ne se demande pas ainsi"),
        Sentence(
            "What its kind allows is in the documentation of the parameter that `errors` names.",
            "Ce que permet sa nature figure dans la documentation du paramètre que nomme `errors`.",
        ),
    ),
    "range-reversed": Kind(
        422,
        Sentence("The range ends before it begins", "La période finit avant de commencer"),
        Sentence(
            "Both ends are included, so the first day is the last one or before it.",
            "Les deux bornes sont comprises : le premier jour est au plus tard le dernier.",
        ),
    ),
    "before-first-event": Kind(
        422,
        Sentence("Before the first event", "Avant le premier événement"),
        Sentence(
            "Nothing is known of the indicator up to that day, whatever is filtered. The fault names the first day.",
            "Rien n'est connu de l'indicateur jusqu'à cette date, quel que soit le filtre. L'erreur nomme la première "
            "date.",
        ),
    ),
    "unknown-value": Kind(
        422,
        Sentence("A value that nothing has", "Une valeur que rien ne porte"),
        Sentence(
            "`/v1/dimensions` leads to the values of each dimension, and tells which occur.",
            "`/v1/dimensions` mène aux valeurs de chaque dimension et indique celles qui existent.",
        ),
    ),
    "cursor-of-another-question": Kind(
        422,
        Sentence("A cursor of another question", "Un curseur d'une autre question"),
        Sentence(
            "Follow the `Link` header as it is; another question begins without a cursor.",
            "Suivez l'en-tête `Link` tel quel ; une autre question commence sans curseur.",
        ),
    ),
}
"""The kinds of problems that only figures have."""

ENDS_BEFORE_IT_BEGINS: Final = Sentence(
    "{first} is after `{end}`, {last}", "le {first} est postérieur à `{end}`, qui est le {last}"
)
ENDS_TODAY: Final = Sentence(
    "{indicator} ends today unless `to` says another day, and {first} is to come",
    "{indicator} s'arrête à aujourd'hui si `to` n'indique pas d'autre date, et le {first} est à venir",
)
COUNTS_SO_FAR: Final = Sentence(
    "{indicator} counts no days to come, and {first} is one",
    "{indicator} ne compte pas les jours à venir, et le {first} en est un",
)
BEGINS_LATER: Final = Sentence(
    "the first event of {indicator} is of {first}", "le premier événement de {indicator} est du {first}"
)
KNOWN_LATER: Final = Sentence(
    "the first event of {indicator} was recorded on {first}",
    "le premier événement de {indicator} a été enregistré le {first}",
)
NOT_WITHOUT_LARGEST: Final = Sentence(
    "{indicator} is not given without its largest contributor",
    "{indicator} ne se calcule pas sans son principal contributeur",
)
CUMULATIVE_ALREADY: Final = Sentence(
    "{indicator} is a level, and cumulative already",
    "{indicator} est un niveau, et se cumule déjà",
)
NOT_CUMULATIVE: Final = Sentence(
    "{indicator} cannot be cumulative: only sums can, and who contributes",
    "{indicator} ne se cumule pas : seuls se cumulent les sommes et les contributeurs",
)
NEEDS_A_PERIOD: Final = Sentence(
    "this needs a period in `by`: one of {possible}",
    "il faut pour cela une période dans `by` : l'une de {possible}",
)
ONE_PERIOD: Final = Sentence(
    "a figure is broken down by one period, not by {asked}",
    "un chiffre se ventile selon une seule période, et non selon {asked}",
)
SERIES_WHOLE: Final = Sentence(
    "{indicator} tells how a level moves, and is not broken down; it can be filtered",
    "{indicator} décrit l'évolution d'un niveau et ne se ventile pas ; un filtre est possible",
)
OTHER_DIMENSIONS: Final = Sentence(
    "{indicator} has only {dimensions}",
    "{indicator} n'a que {dimensions:la dimension suivante|les dimensions suivantes} : {dimensions}",
)
NOT_GIVEN_BY: Final = Sentence(
    "{indicator} has no {asked}: it is given by {possible}",
    "{indicator} ne se ventile pas par {asked} ; les ventilations possibles sont {possible}",
)
UNKNOWN_VALUE: Final = Sentence(
    "no list and no event has the {dimension} {asked}",
    "aucune liste ni aucun événement ne comporte {asked:la valeur|les valeurs} {asked} pour {dimension}",
)
NO_INDICATOR: Final = Sentence(
    "there is no indicator of this name; there are {known}",
    "aucun indicateur ne porte ce nom ; les indicateurs sont {known}",
)
NO_CHAPTER: Final = Sentence(
    "there is no chapter of this name; there are {known}",
    "aucun chapitre ne porte ce nom ; les chapitres sont {known}",
)
NO_AXIS: Final = Sentence(
    "the programme has no such axis; it has {known}",
    "le programme n'a pas cet axe ; ses axes sont {known}",
)
NO_DIMENSION: Final = Sentence(
    "there is no dimension of this name; there are {known}",
    "aucune dimension ne porte ce nom ; les dimensions sont {known}",
)
TOO_MANY_INDICATORS: Final = Sentence("at most {most} indicators at once", "au plus {most} indicateurs à la fois")
CATCHING_UP: Final = Sentence(
    "the events of the chapter {chapter} are still being folded into its figures",
    "les événements du chapitre {chapter} sont encore en cours d'intégration dans ses indicateurs",
)
CURSOR_OF_OTHER_EVENTS: Final = Sentence(
    "it is of events that are not here (any more): begin again",
    "il porte sur des événements qui ne sont pas, ou plus, ici : reprenez depuis le début",
)
CURSOR_OF_ANOTHER_QUESTION: Final = Sentence(
    "it is where a page of another question ended", "il marque la fin d'une page d'une autre question"
)
