"""Vacancies of the network's companies, job seekers' applications for them, leads, the hires they lead to, the paths of
job seekers to work, and what is observed of the labour market."""

from typing import Final

from contracts.employment import application, erasure, hire, labour_series, lead, observation, path, vacancy
from contracts.roles import Role
from employment.application import applications
from employment.bounds import Plausible
from employment.candidates import CandidateSettings, proposing
from employment.hire import hires
from employment.labour_series import labour_series as observed_series
from employment.lead import leads
from employment.members import members, projects
from employment.observation import labour_observations
from employment.path import paths
from employment.published import TABLES
from employment.reactions import reactions
from employment.vacancy import vacancies
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource

ADVISERS: Final[tuple[Role, ...]] = ("mission_locale", "france_travail")
"""Those who look after job seekers."""
OF_JOB_SEEKERS: Final = Reads(all=ADVISERS, own=("company",))

erasures = erasing("mission_locale", "france_travail", "ops")

app = Service(
    "employment",
    title="Employment",
    description="Vacancies of the network's companies, job seekers' applications for them, the hires they lead to, and "
    "the paths on which agencies accompany job seekers to work, and what is observed of the labour market.",
    resources=(
        Resource(
            vacancies,
            vacancy.CATEGORY.path,
            # What one may apply for.
            reads=Reads(
                all=(*ADVISERS, "network", "town_hall", "epci", "steering", "ops"),
                own=("company",),
                public=(
                    "company",
                    "naf",
                    "commune",
                    "zone",
                    "status",
                    "title",
                    "rome",
                    "contract",
                    "weekly_hours",
                    "posts",
                    "opened_on",
                ),
                public_when=("open", "filled"),
            ),
        ),
        # Who looks for work, and how it came out, is between the person's advisers and the company.
        Resource(applications, application.CATEGORY.path, reads=OF_JOB_SEEKERS, ground="public_task"),
        Resource(leads, lead.CATEGORY.path, reads=OF_JOB_SEEKERS, ground="public_task"),
        Resource(hires, hire.CATEGORY.path, reads=OF_JOB_SEEKERS, ground="public_task"),
        # Whom an agency accompanies is no company's business, and how many they are is told by the figures.
        Resource(paths, path.CATEGORY.path, reads=Reads(all=ADVISERS), ground="public_task"),
        Resource(observed_series, labour_series.CATEGORY.path, reads=EVERYBODY),
        Resource(
            labour_observations,
            observation.CATEGORY.path,
            # What is published, and what the proxy is computed of; not the few who are in a group of a small commune.
            reads=Reads(
                all=(*ADVISERS, "steering", "network", "town_hall", "epci", "region", "state", "ops"),
                public=(
                    "labour_series",
                    "kind",
                    "unit",
                    "area_kind",
                    "area",
                    "frequency",
                    "reference",
                    "period",
                    "ends_on",
                    "definition",
                    "status",
                    "value",
                    "active_residents",
                    "seekers",
                    "baseline",
                    "revisions",
                    "observed_on",
                    "revised_on",
                ),
            ),
        ),
        Resource(erasures, erasure.CATEGORY.path, reads=Reads(all=(*ADVISERS, "ops"))),
    ),
    router=proposing(),
    mirrors=(members, projects),
    reactions=reactions,
    tables=TABLES,
    bounds=Plausible,
    settings=CandidateSettings,
)
