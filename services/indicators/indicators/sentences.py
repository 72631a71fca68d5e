"""What the indicators say of a question that they do not answer, in both languages."""

from typing import Final

from contracts.language import Sentence

ENDS_BEFORE_IT_BEGINS: Final = Sentence(
    "{first} is after `to`, {last}", "{first} est postérieur à `to`, qui est le {last}"
)
ENDS_TODAY: Final = Sentence(
    "{indicator} ends today unless `to` says another day, and {first} is to come",
    "{indicator} s'arrête à aujourd'hui si `to` n'indique pas d'autre date, et le {first} est à venir",
)
NOT_WITHOUT_LARGEST: Final = Sentence(
    "{indicator} is not given without its largest contributor",
    "{indicator} ne se calcule pas sans son principal contributeur",
)
OTHER_DIMENSIONS: Final = Sentence(
    "{indicator} has only {dimensions}", "{indicator} n'a que les dimensions suivantes : {dimensions}"
)
NOT_GIVEN_BY: Final = Sentence(
    "{indicator} has no {asked}: it is given by {possible}",
    "{indicator} ne se ventile pas par {asked} ; les ventilations possibles sont {possible}",
)
NO_INDICATOR: Final = Sentence(
    "there is no indicator of this name; there are {known}",
    "aucun indicateur ne porte ce nom ; les indicateurs sont {known}",
)
CATCHING_UP: Final = Sentence(
    "the events are still being folded into the figures",
    "les événements sont encore en cours d'intégration dans les indicateurs",
)
CURSOR_OF_OTHER_EVENTS: Final = Sentence(
    "it is of events that are not here (any more): begin again",
    "il porte sur des événements qui ne sont pas, ou plus, ici : reprenez depuis le début",
)
