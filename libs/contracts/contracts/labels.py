"""What codes are called in English and French, so that frontends can offer them: the vocabularies of commands and
states, and what the programme itself lists.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from contracts.language import Language, Sentence

AXES: Final[Mapping[int, Sentence]] = MappingProxyType(
    {
        1: Sentence("Ecological transition of industry", "Transition écologique de l'industrie"),
        2: Sentence("Land, mobility and services to employees", "Foncier, mobilité et services aux salariés"),
        3: Sentence("Young people and the trades of industry", "Jeunes et métiers de l'industrie"),
        4: Sentence("Planning of jobs and skills", "Gestion des emplois et des compétences"),
        5: Sentence("Training and its building", "Formation et réhabilitation de ses locaux"),
        6: Sentence("Industry 4.0", "Industrie 4.0"),
        7: Sentence("Full employment", "Plein emploi"),
    }
)
"""The seven lines of work of the programme."""

FUNDERS: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        "state": Sentence("State", "État"),
        "region-centre-val-de-loire": Sentence("Region Centre-Val de Loire", "Région Centre-Val de Loire"),
    }
)
"""Those of `contracts.roles.FUNDERS`."""

ZONES: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        "zi-limoise": Sentence("Limoise industrial zone", "ZI la Limoise"),
        "za-avenir": Sentence("Avenir business park", "ZA l'Avenir"),
    }
)
"""The zones that companies of the sample are in; a zone that is not listed is accepted, too."""

SIZE_BANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "00": "no employee",
        "01": "1 or 2 employees",
        "02": "3 to 5 employees",
        "03": "6 to 9 employees",
        "11": "10 to 19 employees",
        "12": "20 to 49 employees",
        "21": "50 to 99 employees",
        "22": "100 to 199 employees",
        "31": "200 to 249 employees",
        "32": "250 to 499 employees",
        "41": "500 to 999 employees",
        "42": "1,000 to 1,999 employees",
        "51": "2,000 to 4,999 employees",
        "52": "5,000 to 9,999 employees",
        "53": "10,000 employees and more",
    }
)
"""In English; INSEE publishes them in French."""

TREATMENTS: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        "D1": Sentence("Deposit into or on to land", "Dépôt sur ou dans le sol"),
        "D2": Sentence("Land treatment", "Traitement en milieu terrestre"),
        "D3": Sentence("Deep injection", "Injection en profondeur"),
        "D4": Sentence("Surface impoundment", "Lagunage"),
        "D5": Sentence("Specially engineered landfill", "Mise en décharge spécialement aménagée"),
        "D7": Sentence("Release into seas and oceans", "Immersion, y compris dans le sous-sol marin"),
        "D8": Sentence("Biological treatment before disposal", "Traitement biologique avant élimination"),
        "D9": Sentence("Physico-chemical treatment before disposal", "Traitement physico-chimique avant élimination"),
        "D10": Sentence("Incineration on land", "Incinération à terre"),
        "D11": Sentence("Incineration at sea", "Incinération en mer"),
        "D12": Sentence("Permanent storage", "Stockage permanent"),
        "D13": Sentence("Blending or mixing before disposal", "Regroupement avant élimination"),
        "D14": Sentence("Repackaging before disposal", "Reconditionnement avant élimination"),
        "D15": Sentence("Storage before disposal", "Stockage avant élimination"),
        "R1": Sentence(
            "Use as a fuel or to generate energy", "Utilisation comme combustible ou pour produire l'énergie"
        ),
        "R2": Sentence("Solvent reclamation or regeneration", "Récupération ou régénération des solvants"),
        "R3": Sentence("Recycling of organic substances", "Recyclage des substances organiques"),
        "R4": Sentence("Recycling of metals", "Recyclage des métaux"),
        "R5": Sentence("Recycling of other inorganic materials", "Recyclage d'autres matières inorganiques"),
        "R6": Sentence("Regeneration of acids or bases", "Régénération des acides ou des bases"),
        "R7": Sentence("Recovery of what abates pollution", "Récupération des produits captant les polluants"),
        "R8": Sentence("Recovery of components from catalysts", "Récupération des produits provenant des catalyseurs"),
        "R9": Sentence("Oil re-refining or other reuses of oil", "Régénération ou autres réemplois des huiles"),
        "R10": Sentence("Land treatment that benefits agriculture", "Épandage au profit de l'agriculture"),
        "R11": Sentence("Use of wastes from R1 to R10", "Utilisation de déchets résiduels de R1 à R10"),
        "R12": Sentence("Exchange of wastes before recovery", "Échange de déchets avant valorisation"),
        "R13": Sentence("Storage before recovery", "Stockage avant valorisation"),
    }
)
"""The treatment operations of `contracts.codes.treatments`, in few words; the directive has the full ones."""

_OTHER: Final = Sentence("Other", "Autre")
_PILOTS: Final[Mapping[str, Sentence]] = {
    "network": Sentence("Company network", "Réseau d'entreprises"),
    "town_hall": Sentence("Town hall", "Mairie"),
    "epci": Sentence("Community of communes", "Communauté de communes"),
    "region": Sentence("Region", "Région"),
    "state": Sentence("State", "État"),
    "afpa": Sentence("AFPA", "AFPA d'Issoudun"),
    "mission_locale": Sentence("Mission locale (youth employment service)", "Mission locale"),
    "france_travail": Sentence("France Travail (employment service)", "France Travail"),
}

VOCABULARIES: Final[Mapping[str, Mapping[str, Sentence]]] = MappingProxyType(
    {
        "application-refusals": {
            "outside_territory": Sentence("Outside the territory", "Hors du territoire"),
            "outside_industry": Sentence("Not an industrial company", "Hors du secteur industriel"),
            "incomplete_file": Sentence("Incomplete file", "Dossier incomplet"),
            "withdrawn": Sentence("Withdrawn by the company", "Candidature retirée"),
            "other": _OTHER,
        },
        "suspension-reasons": {
            "fee_unpaid": Sentence("Fee unpaid", "Cotisation impayée"),
            "activity_paused": Sentence("Activity paused", "Activité interrompue"),
            "insolvency_proceedings": Sentence("Insolvency proceedings", "Procédure collective"),
            "charter_breach": Sentence("Breach of the charter", "Manquement à la charte"),
            "other": _OTHER,
        },
        "leaving-reasons": {
            "closed": Sentence("Closed", "Fermeture"),
            "moved": Sentence("Moved away", "Déménagement"),
            "merged": Sentence("Merged", "Fusion"),
            "resigned": Sentence("Resigned", "Démission"),
            "excluded": Sentence("Excluded", "Exclusion"),
            "other": _OTHER,
        },
        "company-statuses": {
            "applied": Sentence("Applied", "Candidate"),
            "active": Sentence("Active member", "Membre active"),
            "rejected": Sentence("Rejected", "Refusée"),
            "suspended": Sentence("Suspended", "Suspendue"),
            "left": Sentence("Left", "Partie"),
        },
        "cancellation-reasons": {
            "financing": Sentence("Financing", "Financement"),
            "permit": Sentence("Permit", "Autorisation"),
            "market": Sentence("Market", "Marché"),
            "change_of_plan": Sentence("Change of plan", "Changement de projet"),
            "company_closed": Sentence("Company closed", "Fermeture de l'entreprise"),
            "other": _OTHER,
        },
        "correction-reasons": {
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "late_document": Sentence("Late document", "Document tardif"),
            "audit_finding": Sentence("Finding of an audit", "Constat d'audit"),
            "recalculation": Sentence("Recalculation", "Nouveau calcul"),
            "other": _OTHER,
        },
        "investment-statuses": {
            "announced": Sentence("Announced", "Annoncé"),
            "approved": Sentence("Approved", "Approuvé"),
            "committed": Sentence("Committed", "Engagé"),
            "in_progress": Sentence("In progress", "En cours"),
            "completed": Sentence("Completed", "Achevé"),
            "audited": Sentence("Audited", "Audité"),
            "cancelled": Sentence("Cancelled", "Annulé"),
        },
        "investment-steps": {
            "announced": Sentence("Announcement", "Annonce"),
            "approved": Sentence("Approval", "Approbation"),
            "committed": Sentence("Commitment", "Engagement"),
            "started": Sentence("Start", "Démarrage"),
            "completed": Sentence("Completion", "Achèvement"),
            "audited": Sentence("Audit of jobs", "Audit des emplois"),
        },
        "evidence-kinds": {
            "dsn": Sentence("Payroll declaration (DSN)", "Déclaration sociale nominative (DSN)"),
            "contract": Sentence("Employment contract", "Contrat de travail"),
            "payroll_extract": Sentence("Extract of the payroll", "Extrait du livre de paie"),
            "audit_report": Sentence("Audit report", "Rapport d'audit"),
        },
        "equipment-kinds": {
            "additive_manufacturing": Sentence("Additive manufacturing", "Fabrication additive"),
            "robotics": Sentence("Robotics", "Robotique"),
            "machining": Sentence("Machining", "Usinage"),
            "metrology": Sentence("Metrology", "Métrologie"),
            "vision": Sentence("Machine vision", "Vision industrielle"),
            "simulation": Sentence("Simulation", "Simulation"),
            "virtual_reality": Sentence("Virtual reality", "Réalité virtuelle"),
            "other": _OTHER,
        },
        "weekdays": {
            "monday": Sentence("Monday", "Lundi"),
            "tuesday": Sentence("Tuesday", "Mardi"),
            "wednesday": Sentence("Wednesday", "Mercredi"),
            "thursday": Sentence("Thursday", "Jeudi"),
            "friday": Sentence("Friday", "Vendredi"),
            "saturday": Sentence("Saturday", "Samedi"),
            "sunday": Sentence("Sunday", "Dimanche"),
        },
        "equipment-statuses": {
            "commissioned": Sentence("Commissioned", "Livré"),
            "in_service": Sentence("In service", "En service"),
            "maintenance": Sentence("In maintenance", "En maintenance"),
            "retired": Sentence("Retired", "Retiré"),
        },
        "retirement-reasons": {
            "worn_out": Sentence("Worn out", "Usé"),
            "obsolete": Sentence("Obsolete", "Obsolète"),
            "sold": Sentence("Sold", "Vendu"),
            "other": _OTHER,
        },
        "licence-statuses": {
            "valid": Sentence("Valid", "Valable"),
            "expired": Sentence("Expired", "Expirée"),
            "withdrawn": Sentence("Withdrawn", "Retirée"),
        },
        "withdrawal-reasons": {
            "left_company": Sentence("Left the company", "Départ de l'entreprise"),
            "unsafe_use": Sentence("Unsafe use", "Usage dangereux"),
            "issued_in_error": Sentence("Issued in error", "Délivrée par erreur"),
            "other": _OTHER,
        },
        "meter-kinds": {
            "water": Sentence("Water", "Eau"),
            "electricity": Sentence("Electricity", "Électricité"),
            "gas": Sentence("Gas", "Gaz"),
        },
        "meter-statuses": {
            "in_service": Sentence("In service", "En service"),
            "removed": Sentence("Removed", "Déposé"),
        },
        "reading-statuses": {
            "recorded": Sentence("Recorded", "Saisi"),
            "validated": Sentence("Validated", "Validé"),
            "corrected": Sentence("Corrected", "Rectifié"),
        },
        "replacement-reasons": {
            "smart_meter": Sentence("Smart meter", "Compteur communicant"),
            "worn_out": Sentence("Worn out", "Vétuste"),
            "faulty": Sentence("Faulty", "Défectueux"),
            "rolled_over": Sentence("Index began anew", "Passage par zéro de l'index"),
            "other": _OTHER,
        },
        "removal-reasons": {
            "site_closed": Sentence("Site closed", "Fermeture du site"),
            "supply_ended": Sentence("Supply ended", "Fin de fourniture"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisi par erreur"),
            "other": _OTHER,
        },
        "reading-mistakes": {
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "misread": Sentence("Misread", "Erreur de lecture"),
            "wrong_day": Sentence("Wrong day", "Date erronée"),
            "wrong_meter": Sentence("Another meter's", "Relevé d'un autre compteur"),
            "other": _OTHER,
        },
        "booking-statuses": {
            "requested": Sentence("Requested", "Demandée"),
            "waiting": Sentence("On the waiting list", "En liste d'attente"),
            "offered": Sentence("Offered", "Proposée"),
            "approved": Sentence("Approved", "Approuvée"),
            "in_use": Sentence("In use", "En cours"),
            "done": Sentence("Done", "Terminée"),
            "no_show": Sentence("Missed", "Manquée"),
            "cancelled": Sentence("Cancelled", "Annulée"),
            "lapsed": Sentence("Lapsed", "Caduque"),
        },
        "booking-cancellations": {
            "not_needed": Sentence("Not needed any more", "Plus nécessaire"),
            "operator_absent": Sentence("Operator absent", "Opérateur absent"),
            "refused": Sentence("Refused by the network", "Refusée par le réseau"),
            "equipment_retired": Sentence("Equipment retired", "Équipement retiré"),
            "licence_withdrawn": Sentence("Licence withdrawn", "Habilitation retirée"),
            "member_left": Sentence("Left the network", "Départ du réseau"),
            "other": _OTHER,
        },
        "lapse-reasons": {
            "not_approved": Sentence("Not approved in time", "Pas approuvée à temps"),
            "offer_unanswered": Sentence("Offer not answered", "Offre sans réponse"),
            "offer_declined": Sentence("Offer declined", "Offre déclinée"),
            "slot_passed": Sentence("Nothing fell free", "Aucun créneau libéré"),
        },
        "booking-outcomes": {
            "done": Sentence("Used", "Utilisé"),
            "no_show": Sentence("Missed", "Manqué"),
        },
        "outcome-corrections": {
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "use_not_recorded": Sentence("Use not recorded", "Utilisation non saisie"),
            "not_used": Sentence("Not used", "Non utilisé"),
            "other": _OTHER,
        },
        "waste-movement-statuses": {
            "draft": Sentence("Draft", "Brouillon"),
            "sealed": Sentence("Sealed", "Scellé"),
            "producer_signed": Sentence("Signed by the producer", "Signé par le producteur"),
            "sent": Sentence("Sent", "Expédié"),
            "received": Sentence("Received", "Reçu"),
            "accepted": Sentence("Accepted", "Accepté"),
            "refused": Sentence("Refused by the site", "Refusé par l'installation"),
            "processed": Sentence("Processed", "Traité"),
            "cancelled": Sentence("Cancelled", "Annulé"),
        },
        "treatment-modes": {
            "disposal": Sentence("Disposal", "Élimination"),
            "reuse": Sentence("Reuse", "Réutilisation"),
            "recycling": Sentence("Recycling", "Recyclage"),
            "energy_recovery": Sentence("Energy recovery", "Valorisation énergétique"),
            "other_recovery": Sentence("Other recovery", "Autre valorisation"),
        },
        "waste-refusals": {
            "not_as_declared": Sentence("Not what was declared", "Non conforme à la déclaration"),
            "not_permitted": Sentence("The site may not treat it", "Non autorisé sur le site"),
            "packaging": Sentence("Packaging or labelling", "Conditionnement ou étiquetage"),
            "no_capacity": Sentence("No capacity", "Pas de capacité"),
            "slip_incomplete": Sentence("Incomplete slip", "Bordereau incomplet"),
            "other": _OTHER,
        },
        "movement-cancellations": {
            "entered_by_mistake": Sentence("Entered by mistake", "Saisi par erreur"),
            "postponed": Sentence("Postponed", "Reporté"),
            "carrier_unavailable": Sentence("Carrier not available", "Transporteur indisponible"),
            "site_unavailable": Sentence("Treatment site not available", "Installation indisponible"),
            "other": _OTHER,
        },
        "weighings": {
            "sent": Sentence("When sent", "À l'expédition"),
            "received": Sentence("When received", "À la réception"),
            "processed": Sentence("When processed", "Au traitement"),
        },
        "waste-corrections": {
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "weighing_error": Sentence("Weighing error", "Erreur de pesée"),
            "late_document": Sentence("Late document", "Document tardif"),
            "audit_finding": Sentence("Finding of an audit", "Constat d'audit"),
            "other": _OTHER,
        },
        "plot-statuses": {
            "reserve": Sentence("Land reserve", "Réserve foncière"),
            "servicing": Sentence("Being serviced", "En viabilisation"),
            "on_market": Sentence("On the market", "En commercialisation"),
            "optioned": Sentence("Under option", "Sous option"),
            "promised": Sentence("Sale promised", "Sous promesse de vente"),
            "sold": Sentence("Sold", "Vendu"),
            "built": Sentence("Built", "Bâti"),
        },
        "option-ends": {
            "not_needed": Sentence("Not needed any more", "Plus nécessaire"),
            "financing": Sentence("Financing", "Financement"),
            "other_site": Sentence("Another site was chosen", "Autre site retenu"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "other": _OTHER,
        },
        "promise-ends": {
            "financing": Sentence("Financing", "Financement"),
            "permit": Sentence("Permit", "Autorisation"),
            "buyer_withdrew": Sentence("The buyer withdrew", "Désistement de l'acquéreur"),
            "seller_withdrew": Sentence("The seller withdrew", "Désistement du vendeur"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "other": _OTHER,
        },
        "origins": {
            "on_territory": Sentence("Was on the territory", "Déjà sur le territoire"),
            "from_elsewhere": Sentence("Comes from elsewhere", "Vient d'un autre territoire"),
            "newly_founded": Sentence("Newly founded", "Création d'entreprise"),
        },
        "land-corrections": {
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "survey": Sentence("Survey", "Relevé de géomètre"),
            "late_document": Sentence("Late document", "Document tardif"),
            "other": _OTHER,
        },
        "unit-statuses": {
            "available": Sentence("Available", "Disponible"),
            "reserved": Sentence("Reserved", "Réservé"),
            "let": Sentence("Let", "Loué"),
            "notice": Sentence("Notice given", "En préavis"),
            "works": Sentence("In works", "En travaux"),
        },
        "unit-kinds": {
            "workshop": Sentence("Workshop", "Atelier"),
            "warehouse": Sentence("Warehouse", "Entrepôt"),
            "office": Sentence("Office", "Bureaux"),
            "laboratory": Sentence("Laboratory", "Laboratoire"),
            "shop": Sentence("Shop", "Local commercial"),
            "mixed": Sentence("Mixed use", "Usage mixte"),
        },
        "reservation-ends": {
            "not_needed": Sentence("Not needed any more", "Plus nécessaire"),
            "financing": Sentence("Financing", "Financement"),
            "other_unit": Sentence("Another unit was chosen", "Autre local retenu"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "other": _OTHER,
        },
        "notice-reasons": {
            "end_of_term": Sentence("End of the term", "Fin du bail"),
            "growth": Sentence("Needs more room", "Besoin de plus de place"),
            "moving": Sentence("Moves away", "Déménagement"),
            "closing": Sentence("Closes down", "Cessation d'activité"),
            "rent_unpaid": Sentence("Rent unpaid", "Loyer impayé"),
            "owner_needs_it": Sentence("The owner needs it", "Reprise par le propriétaire"),
            "other": _OTHER,
        },
        "flow-statuses": {
            "declared": Sentence("Declared", "Déclaré"),
            "changed": Sentence("Changed", "Modifié"),
            "ended": Sentence("Ended", "Terminé"),
        },
        "flow-directions": {
            "surplus": Sentence("Surplus", "Excédent"),
            "need": Sentence("Need", "Besoin"),
        },
        "flow-kinds": {
            "waste": Sentence("Waste", "Déchet"),
            "packaging": Sentence("Packaging", "Emballages"),
            "water": Sentence("Water", "Eau"),
            "heat": Sentence("Heat", "Chaleur"),
            "cold": Sentence("Cold", "Froid"),
            "compressed_air": Sentence("Compressed air", "Air comprimé"),
        },
        "flow-units": {
            "t": Sentence("t", "t"),
            "m3": Sentence("m³", "m³"),
            "kwh": Sentence("kWh", "kWh"),
            "pieces": Sentence("Pieces", "Unités"),
        },
        "flow-endings": {
            "not_available": Sentence("No longer available", "Plus disponible"),
            "not_needed": Sentence("No longer needed", "Plus nécessaire"),
            "process_changed": Sentence("The process has changed", "Procédé modifié"),
            "site_closed": Sentence("The site has closed", "Site fermé"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisi par erreur"),
            "other": _OTHER,
        },
        "synergy-statuses": {
            "detected": Sentence("Detected", "Détectée"),
            "qualified": Sentence("Qualified", "Qualifiée"),
            "feasible": Sentence("Feasible", "Faisable"),
            "agreed": Sentence("Agreed", "Convenue"),
            "operating": Sentence("Operating", "En service"),
            "ended": Sentence("Ended", "Terminée"),
            "abandoned": Sentence("Abandoned", "Abandonnée"),
        },
        "synergy-abandonments": {
            "not_feasible": Sentence("Not feasible", "Non faisable"),
            "too_costly": Sentence("Too costly", "Trop coûteuse"),
            "not_permitted": Sentence("Not permitted", "Non autorisée"),
            "not_agreed": Sentence("A company does not agree", "Refus d'une entreprise"),
            "flow_ended": Sentence("A flow has ended", "Flux terminé"),
            "other": _OTHER,
        },
        "synergy-endings": {
            "flow_ended": Sentence("A flow has ended", "Flux terminé"),
            "contract_ended": Sentence("The contract has ended", "Contrat arrivé à son terme"),
            "too_costly": Sentence("Too costly", "Trop coûteuse"),
            "company_left": Sentence("A company has left", "Départ d'une entreprise"),
            "other": _OTHER,
        },
        "vacancy-statuses": {
            "proposed": Sentence("Proposed", "Proposée"),
            "draft": Sentence("Draft", "Brouillon"),
            "open": Sentence("Open", "Ouverte"),
            "filled": Sentence("Filled", "Pourvue"),
            "withdrawn": Sentence("Withdrawn", "Retirée"),
        },
        "contract-types": {
            "permanent": Sentence("Permanent contract", "CDI"),
            "fixed_term": Sentence("Fixed-term contract", "CDD"),
            "temporary": Sentence("Temporary agency work", "Intérim"),
            "seasonal": Sentence("Seasonal contract", "Contrat saisonnier"),
            "apprenticeship": Sentence("Apprenticeship", "Contrat d'apprentissage"),
            "professionalisation": Sentence("Professionalisation contract", "Contrat de professionnalisation"),
            "integration": Sentence("Integration contract", "CDD d'insertion"),
        },
        "vacancy-withdrawals": {
            "not_needed": Sentence("Not needed any more", "Plus nécessaire"),
            "filled_otherwise": Sentence("Filled otherwise", "Pourvue autrement"),
            "postponed": Sentence("Postponed", "Reportée"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "member_left": Sentence("Left the network", "Départ du réseau"),
            "other": _OTHER,
        },
        "priority-groups": {
            "long_term": Sentence("Without work for 12 months", "Sans emploi depuis 12 mois"),
            "very_long_term": Sentence("Without work for 24 months", "Sans emploi depuis 24 mois"),
            "senior": Sentence("50 or older", "50 ans ou plus"),
            "woman": Sentence("Woman", "Femme"),
            "youth": Sentence("Under 26", "Moins de 26 ans"),
        },
        "flag-sources": {
            "registration": Sentence("Register of job seekers", "Inscription comme demandeur d'emploi"),
            "declaration": Sentence("Declared by the person", "Déclaration de la personne"),
            "interview": Sentence("Interview", "Entretien"),
            "document": Sentence("Document", "Justificatif"),
        },
        "application-statuses": {
            "new": Sentence("New", "Nouvelle"),
            "processing": Sentence("Being looked at", "À l'étude"),
            "postponed": Sentence("Postponed", "En attente"),
            "pool": Sentence("Kept for another time", "Dans le vivier"),
            "prior_to_hire": Sentence("Tried before a hire", "Action préalable à l'embauche"),
            "accepted": Sentence("Accepted", "Acceptée"),
            "refused": Sentence("Refused", "Déclinée"),
            "cancelled": Sentence("Given up", "Annulée"),
            "obsolete": Sentence("Obsolete", "Sans objet"),
        },
        "answers-of-refusal": {
            "skills": Sentence("Skills", "Compétences"),
            "experience": Sentence("Experience", "Expérience"),
            "availability": Sentence("Availability", "Disponibilité"),
            "mobility": Sentence("Mobility", "Mobilité"),
            "other_candidate": Sentence("Another candidate", "Autre candidature retenue"),
            "did_not_come": Sentence("Did not come", "Ne s'est pas présenté"),
            "post_gone": Sentence("The post is gone", "Poste supprimé ou pourvu"),
            "other": _OTHER,
        },
        "application-cancellations": {
            "seeker_withdrew": Sentence("The person gave it up", "Retrait de la personne"),
            "found_elsewhere": Sentence("Found work elsewhere", "Emploi trouvé ailleurs"),
            "training": Sentence("Training", "Entrée en formation"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "other": _OTHER,
        },
        "undone-acceptances": {
            "seeker_withdrew": Sentence("The person gave it up", "Retrait de la personne"),
            "did_not_start": Sentence("Did not start", "N'a pas commencé"),
            "company_withdrew": Sentence("The company gave it up", "Retrait de l'entreprise"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "other": _OTHER,
        },
        "obsolescences": {
            "accepted_elsewhere": Sentence("Accepted elsewhere", "Acceptée ailleurs"),
            "person_erased": Sentence("The person was erased", "Personne effacée"),
            "vacancy_withdrawn": Sentence("Vacancy withdrawn", "Offre retirée"),
        },
        "hire-statuses": {
            "proposed": Sentence("Proposed", "Proposée"),
            "recorded": Sentence("Recorded", "Enregistrée"),
            "to_confirm": Sentence("To be confirmed", "À confirmer"),
            "sustained": Sentence("Sustained", "Durable"),
            "ended": Sentence("Ended early", "Rompue"),
            "cancelled": Sentence("Cancelled", "Annulée"),
        },
        "ends-of-hire": {
            "resigned": Sentence("Resigned", "Démission"),
            "dismissed": Sentence("Dismissed", "Licenciement"),
            "trial_ended": Sentence("Ended in the trial period", "Rupture de la période d'essai"),
            "term_ended": Sentence("The term ended", "Fin de contrat"),
            "by_agreement": Sentence("By agreement", "Rupture conventionnelle"),
            "company_closed": Sentence("Company closed", "Fermeture de l'entreprise"),
            "other": _OTHER,
        },
        "hire-cancellations": {
            "did_not_start": Sentence("Did not start", "N'a pas commencé"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "recorded_twice": Sentence("Recorded twice", "Saisie en double"),
            "acceptance_undone": Sentence("Acceptance undone", "Acceptation annulée"),
            "other": _OTHER,
        },
        "hire-corrections": {
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "late_document": Sentence("Late document", "Document tardif"),
            "wrong_outcome": Sentence("Wrong outcome", "Issue erronée"),
            "other": _OTHER,
        },
        "erasure-statuses": {"erased": Sentence("Erased", "Effacée")},
        "erasure-reasons": {
            "request": Sentence("At the person's request", "À la demande de la personne"),
            "retention": Sentence("No longer needed", "Fin de la durée de conservation"),
            "mistake": Sentence("Recorded by mistake", "Enregistrée par erreur"),
        },
        "grades": {
            "4e": Sentence("Year 9 (4e)", "Quatrième"),
            "3e": Sentence("Year 10 (3e)", "Troisième"),
            "2de": Sentence("Year 11 (2de)", "Seconde"),
            "1re": Sentence("Year 12 (1re)", "Première"),
            "tle": Sentence("Year 13 (terminale)", "Terminale"),
        },
        "offer-statuses": {
            "open": Sentence("Open", "Ouverte"),
            "full": Sentence("Full", "Complète"),
            "closed": Sentence("Closed", "Close"),
            "withdrawn": Sentence("Withdrawn", "Retirée"),
        },
        "closing-reasons": {
            "enough_requests": Sentence("Enough requests", "Assez de demandes"),
            "week_began": Sentence("The week began", "Semaine commencée"),
            "other": _OTHER,
        },
        "offer-withdrawals": {
            "no_tutor": Sentence("No tutor", "Pas de tuteur"),
            "activity_stopped": Sentence("Activity stopped", "Activité arrêtée"),
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "member_left": Sentence("Left the network", "Départ du réseau"),
            "other": _OTHER,
        },
        "placement-statuses": {
            "submitted": Sentence("Submitted", "Demandé"),
            "transferred": Sentence("Passed on within the company", "Transmis dans l'entreprise"),
            "employer_validated": Sentence("Validated by the company", "Validé par l'entreprise"),
            "approved": Sentence("Approved", "Approuvé"),
            "agreement_signed": Sentence("Agreement signed", "Convention signée"),
            "started": Sentence("Started", "Commencé"),
            "completed": Sentence("Completed", "Achevé"),
            "assessed": Sentence("Assessed", "Évalué"),
            "rejected": Sentence("Rejected", "Refusé"),
            "expired": Sentence("Expired", "Expiré"),
            "cancelled": Sentence("Cancelled", "Annulé"),
        },
        "age-bands": {
            "under_15": Sentence("Under 15", "Moins de 15 ans"),
            "15": Sentence("15 years", "15 ans"),
            "16_or_17": Sentence("16 or 17 years", "16 ou 17 ans"),
            "adult": Sentence("18 and over", "18 ans et plus"),
        },
        "placement-days": {
            "monday": Sentence("Monday", "Lundi"),
            "tuesday": Sentence("Tuesday", "Mardi"),
            "wednesday": Sentence("Wednesday", "Mercredi"),
            "thursday": Sentence("Thursday", "Jeudi"),
            "friday": Sentence("Friday", "Vendredi"),
        },
        "attendances": {
            "full": Sentence("On all days", "Tous les jours"),
            "partial": Sentence("On some days", "Certains jours"),
            "none": Sentence("Never came", "Jamais venu"),
        },
        "placement-rejections": {
            "no_capacity": Sentence("No capacity", "Pas de place"),
            "no_tutor": Sentence("No tutor", "Pas de tuteur"),
            "unsuitable_work": Sentence("Work unsuitable for the age", "Travaux inadaptés à l'âge"),
            "incomplete_file": Sentence("Incomplete file", "Dossier incomplet"),
            "other": _OTHER,
        },
        "placement-cancellations": {
            "pupil_withdrew": Sentence("The pupil withdrew", "Désistement de l'élève"),
            "pupil_unavailable": Sentence("The pupil cannot come", "Élève indisponible"),
            "left_school": Sentence("Left the school", "Départ de l'établissement"),
            "no_tutor": Sentence("No tutor", "Pas de tuteur"),
            "activity_stopped": Sentence("Activity stopped", "Activité arrêtée"),
            "another_approved": Sentence("Another placement was approved", "Autre stage approuvé"),
            "person_erased": Sentence("The pupil was erased", "Élève effacé"),
            "offer_withdrawn": Sentence("Offer withdrawn", "Offre retirée"),
            "other": _OTHER,
        },
        "target-aims": {
            "at_least": Sentence("At least", "Au moins"),
            "at_most": Sentence("At most", "Au plus"),
        },
        "target-statuses": {
            "set": Sentence("Set", "Fixé"),
            "revised": Sentence("Revised", "Révisé"),
            "withdrawn": Sentence("Withdrawn", "Retiré"),
        },
        "target-withdrawals": {
            "replaced": Sentence("Replaced by another", "Remplacé par un autre"),
            "given_up": Sentence("Given up", "Abandonné"),
            "not_measured": Sentence("Not measured any more", "Plus mesuré"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisi par erreur"),
            "other": _OTHER,
        },
        "steering-corrections": {
            "typing_error": Sentence("Typing error", "Erreur de saisie"),
            "late_document": Sentence("Late document", "Document tardif"),
            "other": _OTHER,
        },
        "action-statuses": {
            "proposed": Sentence("Proposed", "Proposée"),
            "adopted": Sentence("Adopted", "Adoptée"),
            "in_progress": Sentence("In progress", "En cours"),
            "on_hold": Sentence("On hold", "Suspendue"),
            "done": Sentence("Done", "Achevée"),
            "abandoned": Sentence("Abandoned", "Abandonnée"),
        },
        "pilots": _PILOTS,
        "partners": {
            **_PILOTS,
            "company": Sentence("Companies", "Entreprises"),
            "school": Sentence("Schools", "Établissements scolaires"),
            "training_body": Sentence("Training bodies", "Organismes de formation"),
        },
        "hold-reasons": {
            "financing": Sentence("Financing", "Financement"),
            "permit": Sentence("Permit", "Autorisation"),
            "partner": Sentence("A partner is awaited", "Attente d'un partenaire"),
            "staff": Sentence("Staff", "Personnel"),
            "other": _OTHER,
        },
        "action-abandonments": {
            "financing": Sentence("Financing", "Financement"),
            "permit": Sentence("Permit", "Autorisation"),
            "partner": Sentence("A partner withdrew", "Retrait d'un partenaire"),
            "change_of_plan": Sentence("Change of plan", "Changement de projet"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisie par erreur"),
            "other": _OTHER,
        },
        "milestone-drops": {
            "not_needed": Sentence("Not needed any more", "Plus nécessaire"),
            "replaced": Sentence("Replaced by another", "Remplacé par un autre"),
            "entered_by_mistake": Sentence("Entered by mistake", "Saisi par erreur"),
            "other": _OTHER,
        },
    }
)
"""The closed vocabularies of commands and states, by name."""


def called(codes: Collection[object], code: object, language: Language) -> object:
    """What people call a code of a field that may hold these; the code itself where no vocabulary of them has it."""
    for labelled in VOCABULARIES.values():
        if code in labelled and labelled.keys() <= set(codes):
            return labelled[str(code)].told(language)
    return code
