"""Every event is found by type and version, survives JSON, passes over what it does not know, and describes itself."""

import json
import re
import subprocess
import sys
import types
from datetime import date
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from contracts import REGISTRY, Correction, Event, UnknownEvent, decode, json_schema
from contracts.category import Category
from contracts.companies.company import CompanyActivated, CompanyApplied
from contracts.companies.investment import (
    DayCorrected,
    GrantAwarded,
    GrantCorrected,
    InvestmentAnnounced,
    InvestmentCancelled,
    InvestmentCompleted,
    JobsAudited,
)
from contracts.companies.plot import PlotSold
from contracts.employment.application import ApplicationAccepted
from contracts.employment.hire import HireCancelled, HireRecorded
from contracts.erasure import PersonErased, erasures_of
from contracts.indicators.target import TargetSet
from contracts.mail import MailQueued
from contracts.model import Model, latest
from contracts.registry import Registry

MEANINGFUL: dict[str, Any] = {
    "effective_on": "2024-05-13", "company": "00000001800010", "naf": "25.62B", "commune": "36088",
    "zone": "zi-limoise", "axis": 6, "name": "Fonderie de la Théols", "legal_form": "5710",
    "title": "Ligne de peinture robotisée", "headcount": 42.5, "headcount_before": 40.0, "size_band": "12",
    "jobs_planned": 4.0,
    "amount": 450_000, "amount_before": 400_000, "amount_spent": 440_000, "amount_spent_before": 430_000,
    "created_before": 0.0, "created": 4.0, "maintained_before": 0.0, "maintained": 38.0, "audited_before": None,
    "evidence": {"kind": "dsn", "reference": "DSN-2024-04", "dated": "2024-04-30"},
    "status_before": "approved", "announced_on": "2024-01-15", "committed_on": None, "completed_on": "2024-04-02",
    "awarded_on": "2024-03-01", "step": "approved", "day_before": "2024-02-01", "day": "2024-02-02",
    "grants_awarded": 90_000, "grants_disbursed": 30_000, "disbursed": 30_000,
    "grants": [{"funder": "state", "scheme": "france-relance", "amount": 90_000, "disbursed": 30_000}],
    "funder": "state", "scheme": "france-relance", "eligible_base": 300_000, "aid_rate": 0.3,
    "payment": 1, "paid_before": "2024-04-10", "paid_on": "2024-04-08", "awarded_before": "2024-03-02",
    "repayment": 1, "repaid": 10_000, "repaid_before": "2024-06-10", "repaid_on": "2024-06-08",
    "cancelled_on": "2024-05-02",
    "equipment": "cobot-1", "kind": "robotics", "weekdays": ["monday", "friday"], "opens": 8, "closes": 18,
    "weekly_hours": 20, "quota_hours": 20, "maintenance_until": "2024-06-03", "maintenance_from": "2024-05-27",
    "reviewed_at": "2024-06-03T08:00:00+02:00",
    "reference": "C15FA-204417", "reference_before": "C15FA-204416", "index": 18_670, "index_before": 18_760,
    "restarts_at": 5, "restarts_before": None, "read_on": "2024-04-30", "read_before": "2024-04-29",
    "periods": [{"first": "2024-04-01", "last": "2024-04-30", "consumption": 420}],
    "periods_before": [{"first": "2024-04-01", "last": "2024-04-29", "consumption": 510}],
    "valid_until": "2024-12-31", "valid_until_before": "2024-06-30", "expires_on": "2025-01-01",
    "licence": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "hours": 2, "starts": "2024-06-05T09:00:00+02:00",
    "ends": "2024-06-05T11:00:00+02:00", "starts_before": "2024-06-04T09:00:00+02:00",
    "ends_before": "2024-06-04T11:00:00+02:00", "approved_on": "2024-05-14", "queued_at": "2024-05-13T10:30:00+02:00",
    "offered_until": "2024-05-14T10:30:00+02:00", "outcome_before": "no_show", "outcome": "done",
    "dimension": "people", "level_before": 2, "level": 3, "validated_on": "2024-05-02", "declared_on": "2024-04-02",
    "answers": [{"dimension": "people", "level": 3}], "answers_before": [],
    "naf_before": "25.62B", "commune_before": "36088", "zone_before": None,
    "levels": [{"dimension": "people", "level": 3}], "levels_before": [{"dimension": "people", "level": 2}],
    "priority_before": "low", "priority": "high",
    "means_before": "grant", "means": "expert", "met_before": "2024-04-30", "met_on": "2024-05-02",
    "offer": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "week": "2024-W20", "grade": "3e", "schools": ["0360024F"],
    "status": "open", "placement": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c61", "is_taken": True,
    "places": 3, "places_before": 2, "taken_before": 0, "closes_on": "2024-05-13",
    "school": "0360024F", "age_band": "under_15", "pupil": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "tutor_before": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e", "tutor": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6f",
    "arrives": "09:00", "leaves": "16:30", "break_minutes": 60, "daily_minutes": 390, "weekly_minutes": 780,
    "party": "guardian", "guardian": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c60", "complete": True,
    "attendance": "full", "hosts_again": True,
    "agency": "mission_locale", "beneficiary": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "representative": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e", "adviser": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6f",
    "objective": "confirm_project", "ends_on": "2024-07-12", "prepared_on": "2024-05-06", "terms": 2,
    "presence_days": 10, "voided": ["company"], "signed_on_before": "2024-05-10", "signatory": "company", "link": 5,
    "links": [
        {
            "signatory": "company", "number": 5, "made_on": "2024-05-13", "valid_until": "2024-05-27", "revoked": False,
            "signed_on": None,
        },
    ],
    "made_on": "2024-05-13", "signatories": ["company", "agency"], "document": "a" * 64, "job_obtained": True,
    "pulse": "canary-2026-11-30-07",
    "trader": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "person": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "hire": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c01", "evidenced_on": "2024-05-02", "jobs_evidenced_before": 1,
    "jobs_evidenced": 2, "investment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c02",
    "carrier": "00000002600013", "treatment_site": "00000003400017", "waste": "120109*", "hazardous": True,
    "description": "Émulsions d'usinage", "lot": "CUVE-02", "slip": "BSD-20240513-A1B2C3",
    "treatment_planned": "R3", "tonnes_planned": 12.5, "sent_on": "2024-05-14", "tonnes_sent": 12.5,
    "tonnes_received": 12.34, "tonnes_difference": -0.16, "received_on": "2024-05-15",
    "refused_on": None, "processed_on": "2024-05-21", "treatment": "R3", "mode": "recycling", "is_final": True,
    "tonnes_processed": 12.34, "weighing": "received", "tonnes_before": 13.24, "tonnes": 12.34,
    "treatment_before": "R1", "mode_before": "energy_recovery", "is_final_before": True,
    "direction": "surplus", "quantity": 120_000.0, "quantity_before": 80_000.0, "first": "2024-05-01",
    "first_before": "2024-06-01", "last": "2026-12-31", "last_before": None,
    "flow": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c07", "agreed": ["00000001800010"], "started_on": "2024-05-20",
    "participants": [
        {
            "flow": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c07", "direction": "surplus", "company": "00000001800010",
            "naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "quantity": 120_000.0,
        }
    ],
    "month": "2024-04", "exchanged_on": "2024-04-30", "exchanged": 68_500.0, "exchanged_before": 6_850.0,
    "recorded_by": "00000002600013",
    "vacancy": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c03", "application": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c04",
    "seeker": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c05", "immersion": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0b",
    "lead": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0b", "linked_on": "2024-05-06",
    "rome": "H2902", "rome_before": "H2913", "contract": "permanent", "contract_before": "fixed_term",
    "weekly_hours_before": 28, "posts": 2, "posts_before": 3, "divided": 1, "open_posts": 1, "taken": 1,
    "opened_on": "2024-05-02", "applied_on": "2024-01-15", "accepted_on": "2024-05-10",
    "flags": [{"group": "senior", "established_on": "2024-05-02", "source": "document"}], "flags_before": [],
    "hired_on": "2024-05-13", "hired_on_before": "2024-05-06", "sustained_on": "2024-11-13", "ended_on": "2024-08-30",
    "indicator": "members", "dimensions": {"zone": "zi-limoise", "axis": 2}, "aim": "at_least",
    "value": 30.0, "value_before": 28.5, "due": "2027-12-31", "due_before": "2026-12-31", "since": "2024-01-15",
    "pilot": "epci", "pilot_before": "network", "partners": ["network", "school"], "axis_before": 2,
    "planned_from": "2024-06-03", "planned_until": "2026-06-30", "budget": 450_000, "budget_before": 400_000,
    "indicators": ["members", "headcount"], "spent": 30_000, "spending": 1, "milestone": 1, "planned_on": "2024-09-30",
    "planned_before": "2024-06-28", "reached_before": "2024-10-02", "reached_on": "2024-09-27",
    "late_from": "2024-10-01", "late_before": "2024-06-29",
    "plot": "limoise-12", "parcels": ["36088000AB0012"], "parcels_before": ["36088000AB0011"], "area": 8_350,
    "area_before": 8_500, "price_per_m2": 18.5, "price_per_m2_before": 20.0, "option_until": "2024-12-20",
    "option_until_before": "2024-10-31", "lapses_on": "2024-12-21", "origin": "from_elsewhere",
    "origin_before": "newly_founded", "sold_before": "2024-05-06", "sold_on": "2024-05-07", "name_before": "Lot 12",
    "outline": [[1.972, 46.951], [1.976, 46.951], [1.976, 46.953], [1.972, 46.951]],
    "outline_before": [[1.972, 46.951], [1.976, 46.951], [1.976, 46.952], [1.972, 46.951]],
    "unit": "atelier-3", "owner": None, "rent_per_m2": 52.0, "rent_per_m2_before": None, "begins_on": "2024-07-01",
    "held_until": "2024-07-15", "free_on": "2024-08-31", "free_on_before": "2024-09-30", "works_follow": False,
    "begun_before": "2024-05-02", "begun_on": "2024-05-01",
    "pupils": 28, "pupils_before": 26, "adults": 2, "adults_before": 3, "class_label": "3e B", "capacity": 60,
    "capacity_before": 50, "booked": 28, "booked_before": 0, "classes": 1, "classes_missed": 0, "attended": 28,
    "attended_before": 27, "companies": ["00000001800010"], "took_part_before": False, "took_part": True,
    "event": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c08", "place": "Halle des expositions",
    "levels_attended": [{"level": "3e", "girls": 13, "boys": 14, "untold": 1}],
    "counted": {
        "booking": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c09", "level": "3e", "pupils": 28, "outcome": "attended",
        "attendance": {"girls": 13, "boys": 14, "untold": 1, "adults": 2},
    },
    "accessible_places": 2, "accessible_places_before": 1, "open_from": "2024-05-02", "open_until": None,
    "carpool_area": "limoise-entree", "bike_parking": "gare-nord",
    "bike": "velo-07", "bike_station": "gare-velos", "station": "gare-velos", "station_before": "limoise-velos",
    "docks": 12, "docks_before": 10, "trips": 7, "metres_left": 35_000, "metres_left_before": 60_000,
    "loan": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0a", "borrower": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0b",
    "due_back": "2024-05-13T18:00:00+02:00", "lapses_at": "2024-05-13T12:30:00+02:00",
    "overdue_from": "2024-05-13T18:00:00+02:00", "returned_to": "limoise-velos", "kilometres": 14,
    "kilometres_before": None, "taken_on": "2024-05-13",
    "cargo_places": 2, "cargo_places_before": 0, "in_service_from": "2024-05-02",
    "in_service_until": None,
    "driver": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "passenger": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e", "number": 1,
    "regular_ride": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0a", "departs": "07:20",
    "departs_at": "2024-05-14T07:20:00+02:00", "arrives_at": "2024-05-14T07:40:00+02:00",
    "destination": [1.974, 46.952], "meeting_point": "limoise-entree", "metres": 14_500, "minutes": 20, "seats": 2,
    "record_until": "2024-06-13T07:20:00+02:00",
    "answer_until": "2024-05-13T19:20:00+02:00", "missing": "driver", "passengers": 1, "passengers_before": 0,
    "came": [{"number": 1, "otherwise": "drove_alone"}], "came_before": [], "passenger_km": 14.5,
    "passenger_km_before": 0.0, "co2_avoided_kg": 2.784, "co2_avoided_kg_before": 0.0,
    "factor": {"factor": "car-use-2024", "year": 2024, "scope": "use", "kg_per_km": 0.192},
    "until": "2025-04-30", "next_day": "2024-05-20", "schedules_on": "2024-05-13",
    "shared_service": "cantine-limoise", "weekly_places": 80, "price_cents": 950, "price_cents_before": 900,
    "subsidy_cap_cents": 8_000, "subsidy_cap_cents_before": 6_000, "subsidy_cents": 400, "record_by": "2024-06-13",
    "guest": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "place_before": "Hall 2",
    "travel_survey": "limoise-2024", "asked_before": 400, "answered": 12, "distance": "2_to_5_km",
    "people": 12, "people_before": 10, "closed_on": "2024-07-01",
    "labour_series": "chomage-indre", "frequency": "quarter", "area_kind": "department",
    "source": "Insee, taux de chômage localisés", "source_before": "Insee",
    "definition": "Taux de chômage au sens du BIT", "definition_before": "Taux de chômage",
    "period": "2023-Q4", "baseline": True, "active_residents": 8_153, "active_residents_before": 8_150,
    "seekers": 500, "seekers_before": 510, "by_category": [{"category": "A", "seekers": 500}],
    "by_category_before": [{"category": "A", "seekers": 510}], "by_group": [{"group": "youth", "seekers": 72}],
    "by_group_before": [], "revisions": 1,
    "milestones": [
        {"milestone": 1, "title": "Diagnostic remis", "planned_on": "2024-09-30", "late_from": "2024-10-01"},
    ],
}  # fmt: skip
WORKFORCE: dict[str, Any] = {
    "headcount": 42.0,
    "pyramid": {
        "under_26": 4.0, "from_26_to_34": 9.0, "from_35_to_44": 11.0, "from_45_to_54": 10.0, "from_55_to_59": 6.0,
        "from_60": 2.0,
    },
    "retirements_5y": 5.0,
    "occupations": [
        {
            "rome": "H2902", "persons": 12.0, "in_1_year": 13.0, "in_3_years": 15.0, "in_5_years": 16.0,
            "difficulty": "very_hard",
        },
    ],
    "obstacles": ["few_candidates"], "skills": ["machining"],
}  # fmt: skip
COMPANY_FIGURES = {
    "headcount": {"value": 142.0, "n": 5, "suppressed": None},
    "senior_share": {"value": 0.19, "n": 5, "suppressed": None, "part": 27.0, "whole": 142.0},
    "retirements_5y": {"value": None, "n": 5, "suppressed": "one_dominates"},
    "tension_share": {"value": None, "n": 2, "suppressed": "too_few"},
    "needs": [
        {"rome": "H2902", "in_1_year": 3.0, "in_3_years": 8.0, "in_5_years": 12.0, "n": 4, "suppressed": None},
    ],
}  # fmt: skip
CARPOOL_AREA = {
    "name": "Entrée de la ZI la Limoise", "kind": "carpool_area", "position": [1.974, 46.952],
    "address": "Rue de la Limoise", "lit": True, "opening_hours": "24/7", "longest_stay": 720,
    "owner": "CC Pays d'Issoudun", "amenities": "Abri", "national_id": "36088-C-001",
}  # fmt: skip
BIKE_PARKING = {
    "name": "Gare, côté nord", "position": [1.974, 46.952], "fastening": "frame_and_wheel", "rack": "hoop",
    "access": "free_access", "free_of_charge": True, "protection": "open", "covered": True, "watched": False,
    "lit": True, "website": None, "owner": "CC Pays d'Issoudun", "operator": None, "remarks": None, "osm_id": "n34172",
}  # fmt: skip
ACCESS = {"hired_on": "2024-05-13", "days": 98, "days_engaged": 70, "within_6_months": True}
SKILL = {
    "skill": 1, "romes": ["H2902"], "source": "certification", "certification": "RNCP35094",
    "acquired_on": "2024-04-26", "enrolment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0c",
}  # fmt: skip
PATH = {
    "residence": "town", "residence_before": "community", "age_group": "senior", "status": "in_job",
    "status_before": "engaged", "referred_on": "2024-02-05", "referred_on_before": "2024-02-12",
    "registered_since": "2023-01-09", "registered_since_before": None, "access": ACCESS, "access_before": None,
    "agency_before": "france_travail", "needs": ["training"], "needs_before": ["orientation"], "romes": ["H2902"],
    "romes_before": ["H2913"], "available_from": "2024-03-04", "available_from_before": "2024-02-19",
    "weekly_hours": 28, "weekly_hours_before": 35, "obstacles": ["transport"], "obstacles_before": [],
    "paused_on": "2024-03-04", "exited_on": "2024-05-06", "exit_reason": "in_training",
    "exit_reason_before": "moved_away", "channel": "phone", "kept_until": "2024-06-12", "added": SKILL,
    "withdrawn": SKILL,
}  # fmt: skip
OCCUPATION = {
    "rome": "H2902", "employed": 120, "growth": 0.02, "retirements": 4.5, "senior_share": None, "turnover": 0.05,
    "completion": 0.85, "placement": 0.7,
    "sources": [{"assumed": "employed", "source": "insee", "reference": "Recensement 2022"}],
}  # fmt: skip
OCCUPATION_YEAR = {
    "rome": "H2902", "year": 2024, "staff": 120.0, "growth": 2.4, "retirements": 4.5, "turnover": 6.0, "seats": 12.0,
    "sessions": 1, "pipeline": 7.14, "need": 5.76,
}  # fmt: skip
REASONS = {
    "SkillNeedAdjusted": "overestimated",
    "SkillNeedRejected": "not_plausible",
    "SkillNeedWithdrawn": "recruited",
    "ForecastDiscarded": "out_of_date",
    "BikeMaintenanceBegan": "repair",
    "BikeRetired": "worn_out",
    "BikeStationClosed": "replaced",
    "LoanCancelled": "not_needed",
    "LoanLost": "not_brought_back",
    "CarpoolAreaClosed": "works",
    "BikeParkingRemoved": "replaced",
    "PassengerReleased": "withdrew",
    "RegularRideEnded": "driver_stops",
    "RideCancelled": "driver_unavailable",
    "RideSkipped": "driver_in_another_ride",
    "PlotOptionGivenUp": "financing",
    "PlotPromiseEnded": "permit",
    "UnitReservationGivenUp": "other_unit",
    "UnitNoticeGiven": "growth",
    "CompanyRejected": "incomplete_file",
    "CompanySuspended": "fee_unpaid",
    "CompanyLeft": "moved",
    "InvestmentCancelled": "permit",
    "EquipmentRetired": "worn_out",
    "MeterReplaced": "smart_meter",
    "MeterRemoved": "site_closed",
    "LicenceWithdrawn": "unsafe_use",
    "MovementCancelled": "postponed",
    "WasteRefused": "not_as_declared",
    "FlowEnded": "process_changed",
    "SynergyAbandoned": "not_feasible",
    "SynergyEnded": "contract_ended",
    "BookingCancelled": "not_needed",
    "BookingLapsed": "not_approved",
    "SurveyReturned": "implausible",
    "SurveyAbandoned": "postponed",
    "NeedDropped": "too_costly",
    "VacancyWithdrawn": "filled_otherwise",
    "ApplicationRefused": "skills",
    "ApplicationCancelled": "found_elsewhere",
    "AcceptanceUndone": "did_not_start",
    "ApplicationObsolete": "accepted_elsewhere",
    "HireEnded": "resigned",
    "HireCancelled": "recorded_twice",
    "HireLeadDismissed": "not_hired_after_all",
    "PathPaused": "training",
    "PathExited": "moved_away",
    "PathSkillWithdrawn": "not_certified",
    "OfferClosed": "enough_requests",
    "OfferWithdrawn": "no_tutor",
    "ImmersionCancelled": "beneficiary_withdrew",
    "ImmersionRejected": "unsuitable_work",
    "PlacementRejected": "no_capacity",
    "PlacementCancelled": "pupil_withdrew",
    "ClassAttendanceCorrected": "miscounted",
    "ClassBookingCancelled": "no_transport",
    "CompanyPartCorrected": "came_unannounced",
    "EventCancelled": "no_companies",
    "EventClosed": "enough_bookings",
    "EventCompanyWithdrawn": "unavailable",
    "LabourSeriesClosed": "discontinued",
    "LabourObservationWithdrawn": "entered_by_mistake",
    "SeriesBreakWithdrawn": "entered_by_mistake",
    "MailDropped": "out_of_date",
    "PersonErased": "request",
    "TargetWithdrawn": "replaced",
    "ActionHeld": "permit",
    "ActionAbandoned": "change_of_plan",
    "MilestoneDropped": "not_needed",
    "RehabilitationSuspended": "permit",
    "RehabilitationAbandoned": "financing",
    "RehabilitationPlanRevised": "permit",
    "BuildingMilestoneReplanned": "tender",
    "BuildingMilestoneDropped": "not_needed",
    "BudgetLineRevised": "tender_results",
    "BudgetLineEstimated": "unforeseen_works",
    "CommitmentReleased": "final_account",
    "SharedServiceClosed": "little_used",
    "SharedServiceSuspended": "holidays",
    "ReservationCancelled": "not_needed",
    "CampaignAnswerRestored": "right_as_it_is",
    "CampaignAnswerWithdrawn": "respondent_asked",
    "SkillsCampaignCancelled": "too_few_answers",
    "EnrolmentRefused": "prerequisites",
    "EnrolmentCancelled": "found_job",
    "EnrolmentDropped": "gave_up",
    "EnrolmentCertificationUndone": "appeal",
    "EnrolmentHireUndone": "hire_ended",
    "RoomRetired": "other_use",
    "CourseWithdrawn": "not_renewed",
    "SessionDismissed": "no_course",
    "SessionPostponed": "too_few_trainees",
    "SessionCancelled": "below_minimum",
}
SERIES_BREAK = {
    "from_period": "2025-Q1", "begins_on": "2025-01-01", "reason": "definition_changed",
    "definition": "Catégories A à G",
}  # fmt: skip
SLOT = {"weekdays": ["monday", "friday"], "starts": "12:00", "ends": "12:45", "places": 40}
SESSION_SLOT = {
    "room": "salle-12", "weekdays": ["monday", "friday"], "starts": "08:30", "ends": "12:00", "since": "2024-09-02",
    "until": "2024-12-20", "capacity": 14,
}  # fmt: skip
COURSE = {
    "body": "00000001800010", "title": "Soudeur assembleur industriel", "certification": "RNCP35094",
    "romes": ["H2913"], "level": 3, "hours": 560, "valid_from": "2024-01-01", "valid_until": "2028-12-31",
}  # fmt: skip
SPELL = {"since": "2024-01-15", "until": "2024-03-01", "area": 8_500}
PATH_SPELL = {"since": "2024-01-15", "until": "2024-03-01", "agency": "mission_locale", "flags": []}
OTHERWISE: dict[str, dict[str, Any]] = {
    "PlotAreaCorrected": {"spells": [{**SPELL, "status": "on_market"}]},
    "UnitAreaCorrected": {"spells": [{**SPELL, "status": "let"}]},
    "UnitLeaseCorrected": {"spells": [{**SPELL, "status": "reserved"}]},
    "PathReferralCorrected": {"spells": [PATH_SPELL]},
    "PathFlagsCorrected": {"spells": [PATH_SPELL]},
    "VacancyWithdrawn": {"status_before": "open"},
    "HireLeadDismissed": {"status_before": "linked"},
    "HireOutcomeCorrected": {"outcome_before": "ended"},
    "PathJobReopened": {"outcome_before": "ended"},
    "ImmersionCancelled": {"status_before": "accepted"},
    "MovementCancelled": {"status_before": "sealed"},
    "WasteDayCorrected": {"step": "sent"},
    "SurveyDayCorrected": {"step": "validated"},
    "ActionAbandoned": {"status_before": "adopted"},
    "ClassBookingCancelled": {"status_before": "confirmed"},
    "EventCancelled": {"status_before": "open"},
    "RideOutcomeCorrected": {"status": "completed", "status_before": "no_show"},
    "SynergyAbandoned": {"status_before": "qualified"},
    "ReservationCancelled": {"status_before": "booked"},
    "SkillsCampaignCancelled": {"status_before": "open"},
    "EnrolmentCancelled": {"status_before": "admitted"},
    "EnrolmentOutcomeCorrected": {"outcome_before": "dropped"},
    "EnrolmentCertificationUndone": {"outcome_before": "certified"},
    "SessionCancelled": {"status": "cancelled", "status_before": "open"},
    "SessionPostponed": {"status": "postponed", "status_before": "open"},
    "RoomRetired": {"status": "retired", "status_before": "in_service"},
}
"""What the same name means in another event."""
IN: dict[str, dict[str, Any]] = {
    "contracts.mail": {
        "template": "signature_requested",
        "about": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c01",
        "role": "guardian",
        "to": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c02",
        "code": 550,
    },
    "contracts.companies.flow": {"kind": "heat", "unit": "kwh"},
    "contracts.companies.meter": {"kind": "water"},
    "contracts.companies.need": {"kind": "training"},
    "contracts.companies.plot": {"status": "on_market"},
    "contracts.companies.synergy": {"kind": "heat", "unit": "kwh"},
    "contracts.companies.unit": {"status": "notice", "kind": "workshop"},
    "contracts.employment.labour_series": {
        "kind": "published_rate", "unit": "percent", "area": "36", "title_before": "Chômage",
        "reference": True, "counted": [], "declared": SERIES_BREAK, "withdrawn": SERIES_BREAK,
    },
    "contracts.employment.observation": {
        "kind": "proxy_rate", "unit": "percent", "area": "36088", "area_kind": "commune",
        "reference": False, "counted": ["A"], "labour_series": "proxy-issoudun",
        "value": 6.13, "value_before": 6.26, "ends_on": "2023-12-31",
    },
    "contracts.employment.path": PATH,
    "contracts.indicators.action": {"status": "in_progress"},
    "contracts.indicators.target": {"unit": "companies"},
    "contracts.training.rehabilitation": {
        "status": "works", "phase_before": "tender", "phase": "works", "status_before": "tender",
        "title": "Réhabilitation du bâtiment de l'AFPA", "building": "AFPA Issoudun, bâtiment principal",
        "floor_area_before": 4_150, "floor_area": 4_200, "rehabilitated_area_before": 3_000,
        "rehabilitated_area": 3_100, "read_since": "2019-12-31",
        "plan_before": [], "plan": [{"phase": "in_service", "begins_on": "2027-09-01"}],
        "late_before": {"since": "2024-10-01", "until": None}, "late": {"since": "2024-10-01", "until": "2024-10-08"},
        "lines": [{"line": 1, "purpose": "works", "funder": "epci", "budget": 1_800_000}],
        "milestones": [{"milestone": 1, "late_before": None, "late": None}],
        "line": 1, "purpose": "works", "funder": "epci", "line_budget": 1_800_000, "line_budget_before": 1_700_000,
        "line_committed": 450_000, "line_paid": 60_000, "line_accepted": 75_000, "estimate_before": None,
        "estimate": 1_900_000, "commitment": 1, "lot": "structure", "supplier": "00000001800010",
        "reference": "2024-MT-03", "committed_before": "2024-02-12", "committed_on": "2024-02-13", "situation": 1,
        "accepted_before": "2024-05-02", "accepted_on": "2024-05-03",
        "year_before": 2018, "year": 2019, "kwh_before": 601_000, "kwh": 610_000, "kwh_earlier": None,
        "since": "2019-12-31", "until": None, "target": 366_000,
    },
    "contracts.training.skill_need": {
        "level": 4, "level_before": 3, "horizon": 3, "horizon_before": 1, "cause": "retirement", "persons": 3,
        "persons_before": 2, "skills": ["Soudage TIG"], "covered": 1, "uncovered": 2, "uncovered_before": 1,
        "status": "partly_covered", "status_before": "partly_covered", "declared_on": "2024-01-15",
        "needed_by": "2027-01-15", "qualified_on": "2024-02-01", "covered_on": None,
        "covered_on_before": "2024-04-08", "enrolment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0c",
        "certified_on": "2024-05-06",
    },
    "contracts.training.forecast": {
        "title": "Reprise lente", "base_year": 2023, "years": 1, "occupations": [OCCUPATION], "status": "adopted",
        "figures": [OCCUPATION_YEAR], "calculated_at": "2024-05-13T10:30:00+02:00",
        "adopted_at": "2024-05-13T10:29:00+02:00", "superseded_by": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0d",
    },
    "contracts.youth_events.class_booking": {
        "kind": "forum",
        "rome": ["H2902"],
        "day": "2024-05-16",
        "level": "3e",
        "attendance_before": None,
        "attendance": {"girls": 13, "boys": 14, "untold": 1, "adults": 2},
    },
    "contracts.youth_events.event": {
        "kind": "forum",
        "rome": ["H2902"],
        "day": "2024-05-16",
        "day_before": "2024-05-17",
        "title": "Forum des métiers",
        "starts": "09:00",
        "ends": "12:00",
        "levels": ["4e", "3e"],
    },
    "contracts.youth_events.immersion": {"age_band": "16_or_17", "outcome": "completed"},
    "contracts.mobility.bike": {"status": "in_service", "kind": "e_bike", "kind_before": "bike"},
    "contracts.mobility.bike_station": {
        "status": "in_service",
        "description": {"name": "Gare d'Issoudun", "position": [1.987, 46.949]},
        "description_before": {"name": "Gare", "position": [1.987, 46.949]},
    },
    "contracts.mobility.loan": {"kind": "e_bike"},
    "contracts.mobility.bike_parking": {
        "status": "in_service", "places": 14, "places_before": 12,
        "description": BIKE_PARKING, "description_before": {**BIKE_PARKING, "covered": None},
    },
    "contracts.mobility.regular_ride": {"first": "2024-05-16", "origin": [2.0836, 46.9481]},
    "contracts.mobility.ride": {"origin": [2.0836, 46.9481], "open_until": "2024-05-14T07:20:00+02:00"},
    "contracts.mobility.carpool_area": {
        "places": 24, "places_before": 20,
        "description": CARPOOL_AREA, "description_before": {**CARPOOL_AREA, "national_id": None},
    },
    "contracts.mobility.service_reservation": {
        "kind": "canteen", "day": "2024-05-14", "starts": "12:00", "ends": "12:45", "places": 40,
        "outcome_before": "no_show", "outcome": "served",
    },
    "contracts.mobility.shared_service": {
        "kind": "canteen", "status": "open", "slots": [SLOT], "slots_before": [{**SLOT, "places": 30}],
        "name": "Restaurant de la ZI", "place": "Hall 3",
    },
    "contracts.training.campaign_answer": {
        "skills_campaign": "gpect-2026", "reference_on": "2023-12-31", "college": "companies", "training_body": None,
        "respondent": None, "workforce": WORKFORCE, "workforce_before": {**WORKFORCE, "headcount": 420.0},
        "courses": [], "courses_before": [], "trades": [], "trades_before": [],
        "reasons": ["pyramid_unlike_headcount"], "reasons_before": ["fractions_of_persons"],
    },
    "contracts.training.skills_campaign": {
        "skills_campaign": "gpect-2026", "reference_on": "2023-12-31", "title": "Emplois et compétences, 2024",
        "closes_on": "2024-06-28", "closes_on_before": "2024-06-14", "college": "unions", "asked": 5, "asked_before": 4,
        "colleges": [{"college": "companies", "asked": 30}, {"college": "unions", "asked": 5}], "cleaning": 1,
        "answers": [
            {"college": "companies", "answered": 6, "set_aside": 1, "n": 5},
            {"college": "unions", "answered": 4, "set_aside": 0, "n": 4},
        ],
        "figures": COMPANY_FIGURES, "without_largest": COMPANY_FIGURES, "largest": "00000001800010",
        "trades": [{"college": "unions", "rome": "H2902", "value": 3.0, "n": 4, "suppressed": None}],
    },
    "contracts.mobility.travel_survey": {
        "asked": 420, "mode": "bike", "answers": [{"mode": "bike", "distance": "2_to_5_km", "people": 12}],
    },
    "contracts.employment.application": {"starts_on": "2024-06-03"},
    "contracts.employment.hire": {"enrolment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0c", "enrolment_before": None},
    "contracts.training.enrolment": {
        "trainee": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "session": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0d",
        "course": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0e", "certification": "RNCP35094", "romes": ["H2913"],
        "body": None, "need": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0f", "hours": 560, "starts_on": "2024-01-15",
        "starts_on_before": "2024-01-08", "ends_on": "2024-04-26", "ends_on_before": "2024-04-19",
        "path": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c10", "path_before": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c11",
        "attended_on": "2024-04-26", "attended": 98.5, "attended_before": 89.5, "hours_attended": 490.5,
        "ended_on": "2024-04-26", "awaits": "certification", "certified_on": "2024-05-07", "decided_on": "2024-05-07",
        "six_months_on": "2024-10-26", "situation": "employed", "situation_before": "without_work", "placed": True,
        "placed_before": False,
    },
    "contracts.training.room": {
        "room": "salle-12", "name": "Atelier de soudage", "name_before": "Atelier", "status": "in_service",
        "capacity": 12, "capacity_before": 14, "area": 85, "area_before": 90, "area_in_service": 85,
        "equipment": ["projector", "welding_booths"], "equipment_before": ["projector"],
        "closed_from": "2024-07-01", "closed_until": "2024-09-02", "closed_until_before": "2024-08-26",
        "reviewed_on": "2024-09-02", "accepted_at": "2024-05-13T10:30:00+02:00",
    },
    "contracts.training.course": {
        **COURSE, **{f"{name}_before": COURSE[name] for name in COURSE}, "hours_before": 595,
        "valid_until_before": "2024-12-31",
    },
    "contracts.training.session": {
        **{name: COURSE[name] for name in COURSE if not name.startswith("valid")},
        "course": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "need": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e",
        "starts_on": "2024-09-02", "starts_on_before": "2024-09-09", "ends_on": "2024-12-20",
        "ends_on_before": "2024-12-13", "decision_on": "2024-07-15", "decision_due_on": "2024-09-03", "seats": 12,
        "seats_before": 10, "minimum": 6, "minimum_before": 5, "admitted": 4, "seats_offered": 12,
        "slots": [SESSION_SLOT], "days_off": ["2024-11-11"],
        "enrolment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6f", "trainee_hours": 6_720, "trainee_hours_before": 5_600,
        "moving_from": "salle-12", "moving_to": "salle-14", "moving_since": "2024-09-02",
        "moving_until": "2024-10-07", "proposed_at": "2024-05-13T10:30:00+02:00",
        "moved_from": "salle-12", "room": "salle-14", "since": "2024-09-02", "until": "2024-10-07",
    },
}  # fmt: skip
"""What the same name means in the events of another kind of stream."""

every_event = pytest.mark.parametrize(
    "model", [each.model for each in REGISTRY.values()], ids=lambda model: model.__name__
)


def meaningful(model: type[Event]) -> dict[str, Any]:
    facts = {
        **MEANINGFUL,
        **IN.get(model.__module__, {}),
        **OTHERWISE.get(model.__name__, {}),
        "reason": REASONS.get(model.__name__, "typing_error"),
    }
    return {name: facts[name] for name in model.model_fields}


def grown(told: Any) -> Any:
    """With a field more in each object; in `dimensions` the names are data."""
    if isinstance(told, list):
        return [grown(each) for each in told]
    if not isinstance(told, dict):
        return told
    grew = {name: each if name == "dimensions" else grown(each) for name, each in told.items()}
    return {**grew, "remark": "seen with the director"}


def required(model: type[Event]) -> set[str]:
    return {name for name, field in model.model_fields.items() if field.is_required()}


def test_the_registry_holds_every_event() -> None:
    assert {each.model.__name__ for each in REGISTRY.values()} == {
        "CompanyApplied1", "CompanyApplied", "CompanyActivated", "CompanyRejected", "CompanySuspended",
        "CompanyReinstated", "CompanyLeft",
        "HeadcountReported", "InvestmentAnnounced", "InvestmentApproved", "InvestmentCommitted", "InvestmentStarted",
        "InvestmentCompleted", "JobsAudited", "InvestmentCancelled", "GrantAwarded", "GrantDisbursed",
        "AmountCorrected", "AmountSpentCorrected", "DayCorrected", "GrantCorrected",
        "GrantRepaid", "PaymentCorrected", "RepaymentCorrected", "JobEvidenced", "JobEvidenceCorrected",
        "EquipmentCommissioned", "EquipmentEnteredService", "OpeningChanged", "MaintenancePlanned",
        "MaintenanceUnplanned", "MaintenanceBegan",
        "MaintenanceProlonged", "MaintenanceEnded", "EquipmentRetired",
        "MeterInstalled", "ReadingRecorded", "ReadingValidated", "ReadingCorrected", "ReadingDiscarded",
        "MeterReplaced", "MeterRemoved",
        "LicenceIssued", "LicenceRenewed", "LicenceExpired", "LicenceWithdrawn",
        "PulseSent",
        "BookingRequested", "BookingQueued", "BookingOffered", "BookingDisplaced", "BookingPutBack", "OfferAccepted",
        "SurveyBegun", "SurveyAnswered", "SurveyCompleted", "SurveyReturned", "SurveyValidated", "SurveyAbandoned",
        "MaturityCorrected", "SurveyDayCorrected", "SurveyClosed",
        "NeedDeclared", "NeedPriorityChanged", "NeedMet", "NeedDropped", "NeedOutcomeCorrected", "NeedReopened",
        "BookingApproved", "UseBegan", "BookingDone", "BookingMissed", "BookingOutcomeCorrected", "BookingCancelled",
        "BookingLapsed",
        "MovementDrafted", "MovementRevised", "MovementSealed", "MovementSigned", "MovementCancelled",
        "WasteSent", "WasteReceived", "WasteAccepted", "WasteRefused", "WasteProcessed", "WasteOverdue",
        "WasteTonnesCorrected", "WasteDayCorrected", "WasteTreatmentCorrected",
        "PlotRegistered", "PlotServicingBegan", "PlotPutOnMarket", "PlotPriceChanged", "PlotOptioned",
        "PlotOptionExtended", "PlotOptionLapsed", "PlotOptionGivenUp", "PlotPromised", "PlotPromiseEnded", "PlotSold",
        "PlotBuilt", "PlotAreaCorrected", "PlotSaleCorrected", "PlotDescriptionCorrected",
        "UnitRegistered", "UnitRentChanged", "UnitReserved", "UnitReservationLapsed", "UnitReservationGivenUp",
        "UnitLet", "UnitNoticeGiven", "UnitNoticeCorrected", "UnitLeaseEnded", "UnitWorksBegan", "UnitWorksEnded",
        "UnitAreaCorrected", "UnitLeaseCorrected",
        "FlowDeclared", "FlowChanged", "FlowEnded",
        "SynergyDetected", "FlowAdded", "SynergyQualified", "SynergyFoundFeasible", "CompanyAgreed", "SynergyAgreed",
        "SynergyStarted", "FlowExchanged", "ExchangeCorrected", "SynergyEnded", "SynergyAbandoned",
        "VacancyProposed", "VacancyDrafted", "VacancyDivided", "VacancyRevised", "VacancyOpened", "PostsChanged",
        "PostTaken", "PostFreed", "VacancyWithdrawn",
        "ApplicationSubmitted", "ApplicationProcessed", "ApplicationPostponed", "ApplicationPooled", "HirePrepared",
        "ApplicationAccepted", "ApplicationRefused", "ApplicationCancelled", "AcceptanceUndone", "ApplicationObsolete",
        "HireLeadProposed", "HireLeadLinked", "HireLeadUnlinked", "HireLeadDismissed",
        "HireProposed", "HireConfirmed", "HireRecorded", "SustainmentDue", "HireSustained", "HireEnded",
        "HireCancelled", "HireDayCorrected", "HireTermsCorrected", "HireFlagsCorrected", "HireOutcomeCorrected",
        "HireEnrolmentCorrected",
        "PathReferred", "PathReferralCorrected", "PathHandedOver", "PathFlagsGiven", "PathFlagsCorrected",
        "PathDiagnosed", "PathDiagnosisRevised", "PathEngaged", "PathPaused", "PathResumed", "PathJobStarted",
        "PathJobSustained", "PathJobEnded", "PathJobUndone", "PathJobReopened", "PathJobDayCorrected", "PathExited",
        "PathExitCorrected", "PathErased", "PathContactRecorded", "PathRetentionNoticeGiven", "PathSkillAdded",
        "PathSkillWithdrawn",
        "OfferOpened", "OfferPlacesChanged", "OfferPlacesCounted", "OfferClosed", "OfferWithdrawn",
        "PlacementSubmitted", "PlacementTransferred", "PlacementValidated", "PlacementApproved",
        "PlacementTutorChanged", "PlacementAgreementDrawnUp", "PlacementAgreementSigned", "PlacementStarted",
        "PlacementCompleted", "PlacementAssessed", "PlacementRejected", "PlacementExpired", "PlacementCancelled",
        "EventDrafted", "EventRevised", "EventPublished", "EventOpened", "EventCapacityChanged", "EventBookingCounted",
        "EventClosed", "EventHeld", "EventReported", "EventCancelled", "EventCompanyAdded", "EventCompanyWithdrawn",
        "CompanyTookPart", "CompanyPartCorrected",
        "ClassBookingRequested", "ClassBookingChanged", "ClassBookingConfirmed", "ClassAttended", "ClassMissed",
        "ClassAttendanceCorrected", "ClassBookingCancelled",
        "ImmersionPrepared", "ImmersionAmended", "ImmersionLinkRenewed", "ImmersionLinkRevoked", "ImmersionReminded",
        "ImmersionSigned", "ImmersionAccepted", "ImmersionRejected", "ImmersionStarted", "ImmersionCompleted",
        "ImmersionAssessed", "ImmersionCancelled",
        "PersonErased", "MailQueued", "MailSent", "MailRefused", "MailRequeued", "MailDropped",
        "TargetSet", "TargetRevised", "TargetCorrected", "TargetWithdrawn",
        "ActionProposed", "ActionRevised", "ActionAdopted", "ActionStarted", "ActionHeld", "ActionResumed",
        "ActionDone", "ActionAbandoned", "PilotChanged", "BudgetChanged", "MilestoneAdded", "MilestoneReplanned",
        "MilestoneReached", "MilestoneDropped", "MilestoneCorrected", "SpendingRecorded", "SpendingCorrected",
        "CarpoolAreaPlanned", "CarpoolAreaOpened", "CarpoolPlacesChanged", "CarpoolAreaClosed", "CarpoolAreaReopened",
        "CarpoolPlacesCorrected", "CarpoolDescriptionCorrected",
        "BikeParkingPlanned", "BikeParkingEnteredService", "BikePlacesChanged", "BikeParkingRemoved",
        "BikePlacesCorrected", "BikeParkingDescriptionCorrected",
        "RideOffered", "RideSkipped", "PassengerAsked", "PassengerMatched", "PassengerConfirmed", "DriverConfirmed",
        "PassengerReleased", "PassengerMissed", "RideMissed", "RideCompleted", "RideCancelled", "RideOutcomeCorrected",
        "RegularRideOffered", "RegularRideScheduled", "RegularRideSuspended", "RegularRideResumed", "RegularRideEnded",
        "BikeStationPlanned", "BikeStationEnteredService", "BikeDocksChanged", "BikeStationClosed",
        "BikeDocksCorrected", "BikeStationDescriptionCorrected",
        "BikeCommissioned", "BikeMoved", "BikeMaintenanceBegan", "BikeMaintenanceEnded", "BikeRetired", "BikeLeft",
        "BikeBroughtBack", "BikeLost", "BikeRangeReported", "BikeKindCorrected",
        "LoanRequested", "LoanTaken", "LoanOverdue", "LoanReturned", "LoanLost", "LoanLapsed", "LoanCancelled",
        "LoanSettled", "LoanKilometresCorrected",
        "SharedServiceAnnounced", "SharedServiceOpened", "SharedServiceTermsChanged", "SharedServiceSuspended",
        "SharedServiceResumed", "SharedServiceClosed", "SharedServiceDescriptionCorrected",
        "ReservationBooked", "ReservationQueued", "ReservationMovedUp", "ReservationServed", "ReservationMissed",
        "ReservationOutcomeCorrected", "ReservationCancelled", "ReservationExpired",
        "TravelSurveyOpened", "TravelAnswersRecorded", "TravelAnswersCorrected", "TravelSurveyAskedCorrected",
        "TravelSurveyClosed", "TravelSurveyPublished",
        "LabourSeriesDeclared", "LabourSeriesCorrected", "SeriesBreakDeclared", "SeriesBreakWithdrawn",
        "LabourSeriesClosed",
        "LabourObserved", "LabourObservationRevised", "LabourObservationWithdrawn", "LabourBaselineChosen",
        "LabourBaselineDropped",
        "CampaignAnswerGiven", "CampaignAnswerRevised", "CampaignAnswerRetained", "CampaignAnswerSetAside",
        "CampaignAnswerRestored", "CampaignAnswerCorrected", "CampaignAnswerWithdrawn", "CampaignAnswerCounted",
        "SkillsCampaignDesigned", "SkillsCampaignRevised", "SkillsCampaignOpened", "SkillsCampaignProlonged",
        "SkillsCampaignAskedCorrected", "SkillsCampaignClosed", "SkillsCampaignReopened", "SkillsCampaignCleaned",
        "SkillsCampaignCleaningResumed", "SkillsCampaignTabulated", "SkillsCampaignPublished",
        "SkillsCampaignCancelled",
        "RehabilitationRegistered", "RehabilitationPhaseBegan", "RehabilitationSuspended", "RehabilitationResumed",
        "RehabilitationAbandoned", "RehabilitationPlanRevised", "RehabilitationPhaseCorrected",
        "BuildingAreaCorrected", "BuildingMilestoneAdded", "BuildingMilestoneReplanned", "BuildingMilestoneLate",
        "BuildingMilestoneReached", "BuildingMilestoneDropped", "BuildingMilestoneCorrected",
        "BudgetLineSet", "BudgetLineRevised", "BudgetLineCorrected", "BudgetLineEstimated",
        "CommitmentMade", "CommitmentCorrected", "CommitmentReleased", "CommitmentPaid", "CommitmentPaymentCorrected",
        "WorksAccepted", "WorksAcceptedCorrected", "BuildingEnergyRead", "BuildingEnergyCorrected",
        "EnergyReferenceChosen",
        "EnrolmentApplied", "EnrolmentQueued", "EnrolmentAdmitted", "EnrolmentRefused", "EnrolmentCancelled",
        "EnrolmentRescheduled", "EnrolmentBegan", "EnrolmentHoursRecorded", "EnrolmentHoursCorrected",
        "EnrolmentCompleted", "EnrolmentDropped", "EnrolmentOutcomeCorrected", "EnrolmentAnswerDue",
        "EnrolmentCertified", "EnrolmentNotCertified", "EnrolmentCertificationUndone", "EnrolmentFollowedUp",
        "EnrolmentFollowUpCorrected", "EnrolmentPathNamed", "EnrolmentPathUnnamed", "EnrolmentLedToHire",
        "EnrolmentHireUndone",
        "SkillNeedDeclared", "SkillNeedRevised", "SkillNeedQualified", "SkillNeedAdjusted", "SkillNeedReviewed",
        "SkillNeedCovered", "SkillNeedUncovered", "SkillNeedRejected", "SkillNeedWithdrawn", "SkillNeedExpired",
        "ForecastDrafted", "ForecastRevised", "ForecastCalculated", "ForecastAdopted", "ForecastSuperseded",
        "ForecastDiscarded",
        "RoomPlanned", "RoomEnteredService", "RoomWorksPlanned", "RoomWorksUnplanned", "RoomWorksBegan",
        "RoomWorksProlonged", "RoomWorksEnded", "RoomCorrected", "RoomMovesAccepted", "RoomRetired",
        "CourseRegistered", "CourseProlonged", "CourseCorrected", "CourseWithdrawn",
        "SessionProposed", "SessionDismissed", "SessionPlanned", "SessionOpened", "SessionSeatsChanged",
        "SessionTimetableChanged", "SessionCancellationProposed", "SessionConfirmed", "SessionBegan",
        "SessionCompleted", "SessionCompletionCorrected", "SessionPostponed", "SessionRescheduled",
        "SessionCancelled", "SessionSeatTaken", "SessionSeatFreed", "SessionMoveAsked", "SessionMoveProposed",
        "SessionMoveDropped", "SessionMoved",
    }  # fmt: skip
    assert all(key == (each.model.event_type, each.model.schema_version) for key, each in REGISTRY.items())


@every_event
def test_an_event_survives_json(model: type[Event]) -> None:
    event = model.model_validate(meaningful(model), strict=False)
    assert decode(model.event_type, model.schema_version, event.model_dump_json()) == latest(event)
    assert decode(model.event_type, model.schema_version, event.model_dump_json().encode()) == latest(event)


@every_event
def test_a_field_of_a_later_release_is_passed_over_in_its_parts_too(model: type[Event]) -> None:
    event = model.model_validate(meaningful(model), strict=False)
    later = json.dumps(grown(event.model_dump(mode="json")))
    assert decode(model.event_type, model.schema_version, later) == latest(event)


@every_event
def test_an_event_needs_each_of_its_fields(model: type[Event]) -> None:
    for field in required(model):
        lacking = {name: value for name, value in meaningful(model).items() if name != field}
        with pytest.raises(ValidationError, match="Field required"):
            model.model_validate(lacking, strict=False)


@every_event
def test_an_event_does_not_change(model: type[Event]) -> None:
    event = model.model_validate(meaningful(model), strict=False)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(event, "effective_on", date(2025, 1, 1))  # noqa: B010 -- the type checker refuses a plain assignment


@every_event
def test_an_event_says_what_it_counts_for(model: type[Event]) -> None:
    counted = {
        "contracts.companies.equipment": {"equipment", "commune"},
        "contracts.companies.pulse": {"pulse"},
        "contracts.companies.meter": {"company", "naf", "commune", "zone", "kind"},
        "contracts.companies.plot": {"plot", "commune", "zone", "status", "area"},
        "contracts.companies.unit": {"unit", "kind", "commune", "zone", "status", "area"},
        "contracts.employment.path": {"seeker", "agency", "residence", "age_group", "flags", "status", "access"},
        "contracts.indicators.target": {"indicator", "dimensions", "axis"},
        "contracts.indicators.action": {"axis", "pilot", "status", "budget"},
        "contracts.companies.synergy": {"kind", "waste", "unit", "quantity", "participants"},
        "contracts.training.rehabilitation": {"commune", "zone", "floor_area", "status"},
        "contracts.youth_events.class_booking": {"event", "kind", "rome", "commune", "day", "school", "level"},
        "contracts.youth_events.event": {"kind", "rome", "commune", "day"},
        "contracts.mobility.bike": {"bike", "kind", "commune", "zone", "status", "station"},
        "contracts.mobility.bike_station": {"bike_station", "commune", "zone", "status", "docks"},
        "contracts.mobility.loan": {"bike", "kind", "station", "commune", "zone"},
        "contracts.mobility.bike_parking": {"bike_parking", "commune", "zone", "status", "places"},
        "contracts.mobility.carpool_area": {"carpool_area", "commune", "zone", "status", "places"},
        "contracts.mobility.regular_ride": {"company", "commune", "zone"},
        "contracts.mobility.ride": {"company", "commune", "zone", "day"},
        "contracts.mobility.service_reservation": {"shared_service", "kind", "commune", "zone", "company", "day"},
        "contracts.mobility.shared_service": {"shared_service", "kind", "commune", "zone", "status", "weekly_places"},
        "contracts.mobility.travel_survey": {"travel_survey", "commune", "zone", "asked", "answered"},
        "contracts.employment.labour_series": {"labour_series", "kind", "unit", "area_kind", "area", "reference"},
        "contracts.employment.observation": {
            *("labour_series", "kind", "unit", "area_kind", "area", "reference", "period", "ends_on", "value"),
        },
        "contracts.training.campaign_answer": {
            "skills_campaign",
            "reference_on",
            "college",
            "company",
            "naf",
            "commune",
            "zone",
            "training_body",
            "respondent",
        },
        "contracts.training.skills_campaign": {"skills_campaign", "reference_on", "colleges"},
        "contracts.training.enrolment": {
            "session",
            "course",
            "certification",
            "romes",
            "level",
            "body",
            "commune",
            "need",
        },
        "contracts.training.skill_need": {
            "company",
            "naf",
            "commune",
            "zone",
            "rome",
            "level",
            "horizon",
            "cause",
            "persons",
            "covered",
            "uncovered",
            "status",
        },
        "contracts.training.forecast": {"base_year", "years"},
        "contracts.training.room": {"room", "commune", "status", "capacity", "area_in_service"},
        "contracts.training.course": {"body", "certification", "romes", "level", "hours"},
        "contracts.training.session": {"romes", "commune", "seats", "need"},
        # That somebody was erased counts for nothing.
        PersonErased.__module__: {"person"},
        # Nor that somebody was written to.
        MailQueued.__module__: {"to"},
    }.get(model.__module__, {"company", "naf", "commune", "zone"})
    assert {"effective_on", *counted} <= model.model_fields.keys()


@every_event
def test_an_event_describes_itself(model: type[Event]) -> None:
    schema = json_schema(model.event_type, model.schema_version)
    assert schema["$id"] == f"urn:territoires-industrie:{model.event_type}:{model.schema_version}"
    objects = [schema, *schema.get("$defs", {}).values()]
    assert not any("additionalProperties" in each for each in objects), "readers are told that fields appear"
    assert schema["description"].endswith(".")
    assert set(schema["required"]) == required(model)


@every_event
def test_what_is_called_corrected_is_a_correction(model: type[Event]) -> None:
    assert issubclass(model, Correction) == model.__name__.endswith("Corrected")


@pytest.mark.parametrize(
    ("model", "later"),
    [
        (CompanyActivated, {"applied_on"}),
        (InvestmentCompleted, {"jobs_planned"}),
        (DayCorrected, {"created", "maintained"}),
        (GrantCorrected, {"awarded_before", "eligible_base", "aid_rate"}),
        (ApplicationAccepted, {"starts_on"}),
        (HireRecorded, {"enrolment"}),
        (HireCancelled, {"enrolment"}),
    ],
)
def test_an_event_recorded_before_a_field_was_added_is_still_read(model: type[Event], later: set[str]) -> None:
    told = model.model_validate(meaningful(model), strict=False).model_dump_json(exclude=later)
    assert {getattr(decode(model.__name__, 1, told), field) for field in later} == {None}


def test_an_event_of_an_impossible_day_or_an_unseen_name_is_still_read() -> None:
    told = {**meaningful(CompanyApplied), "effective_on": "1000-01-01", "name": "\u200b"}
    event = CompanyApplied.model_validate(told, strict=False)
    assert decode("CompanyApplied", 2, event.model_dump_json()) == event


@pytest.mark.parametrize("key", [("InvestmentAnnounced", 2), ("LampLit", 1), ("_Company", 1), ("Event", 1)])
def test_an_event_nobody_told_us_of_is_unknown(key: tuple[str, int]) -> None:
    with pytest.raises(UnknownEvent, match=f"no event {key[0]}, version {key[1]}"):
        decode(*key, "{}")


@pytest.mark.parametrize(
    ("model", "field", "value", "slug"),
    [
        (CompanyApplied, "company", "00000001800011", "siret"),
        (CompanyApplied, "naf", "2562B", "naf"),
        (CompanyApplied, "size_band", "NN", "literal_error"),
        (InvestmentAnnounced, "amount", 0, "some-euros"),
        (InvestmentAnnounced, "effective_on", "2024-02-30", "day"),
        (InvestmentCancelled, "status_before", "started", "literal_error"),
        (JobsAudited, "created", 1.234, "full-time-equivalents"),
        (GrantAwarded, "aid_rate", 30, "aid-rate"),
        (HireRecorded, "seeker", "Camille Exemple", "subject"),
        (HireRecorded, "rome", "Z1101", "rome"),
        (HireRecorded, "weekly_hours", 60, "working-hours"),
        (PlotSold, "area", 0, "square-metres"),
        (PlotSold, "plot", "Lot 12", "plot-code"),
        (TargetSet, "value", 4.99999, "figure-value"),
        (TargetSet, "indicator", "Full employment", "indicator"),
        (TargetSet, "dimensions", {"zone": "ZI Limoise"}, "dimension-value"),
        (TargetSet, "dimensions", {"Zone": "zi-limoise"}, "dimension"),
    ],
)
def test_an_event_holds_only_true_values(model: type[Event], field: str, value: object, slug: str) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate({**meaningful(model), field: value}, strict=False)
    assert [(fault["loc"][0], fault["type"]) for fault in error.value.errors()] == [(field, slug)]


def test_contracts_need_nothing_else_of_the_platform() -> None:
    """Its own process: here the other packages may be imported already."""
    script = (
        "import contracts, sys; "
        "found = {'eventstore', 'service', 'asyncpg', 'aiokafka', 'fastapi'} & sys.modules.keys(); "
        "assert not found, found; "
        "assert contracts.codes.naf.cache_info().currsize == 0, 'the code lists are read on first use'"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_models_are_strict() -> None:
    class Count(Model):
        count: int

    with pytest.raises(ValidationError):
        Count.model_validate_json('{"count": "12"}')


# How events are declared


class _Bell(Event):
    tower: str


class BellRung1(_Bell, type="BellRung", version=1):
    times: int

    def upcast(self) -> "BellRung2":
        return BellRung2(tower=self.tower, strokes=self.times, effective_on=self.effective_on)


class BellRung2(_Bell, type="BellRung", version=2, replaces=BellRung1):
    strokes: int

    def upcast(self) -> "BellRung":
        return BellRung(tower=self.tower, strokes=self.strokes, by_hand=True, effective_on=self.effective_on)


class BellRung(_Bell, version=3, replaces=BellRung2):
    strokes: int
    by_hand: bool


CATEGORY = Category("bell", service="youth-events", path="/v1/bells")


def module(name: str, **declared: object) -> ModuleType:
    """A module that declares events."""
    made = ModuleType(name)
    for each in declared.values():
        if isinstance(each, type):
            each.__module__ = name
    vars(made).update(declared)
    return made


def event(version: int = 1, **said: Any) -> type[Event]:
    """A published event of the type Struck."""
    return types.new_class("Struck", (_Bell,), {"version": version, **said})


def test_an_event_is_read_as_the_latest_version_of_its_type() -> None:
    rung = BellRung1(tower="blanche", times=3, effective_on=date(2024, 5, 13))
    assert (rung.event_type, rung.schema_version) == ("BellRung", 1)
    assert latest(rung) == BellRung(tower="blanche", strokes=3, by_hand=True, effective_on=date(2024, 5, 13))
    assert list(BellRung.versions()) == [BellRung, BellRung2, BellRung1]
    assert not _Bell.is_published


@pytest.mark.parametrize(
    ("bases", "said", "why"),
    [
        ((_Bell,), {"version": 2}, "Struck is version 2, which replaces version 1 and no other"),
        ((_Bell,), {"version": 0}, "Struck is version 0"),
        ((_Bell,), {"version": 3, "replaces": BellRung1, "type": "BellRung"}, "which replaces version 2"),
        ((_Bell,), {"version": 2, "replaces": BellRung1}, "Struck replaces BellRung1, which is of the type BellRung"),
        ((_Bell,), {"version": 4, "replaces": BellRung, "type": "BellRung"}, "it has no `upcast`"),
        ((_Bell,), {"replaces": BellRung1}, "Struck says no version"),
        ((_Bell,), {"type": "BellRung"}, "Struck says no version"),
        ((BellRung,), {"version": 1}, "Struck derives from a published event"),
        ((BellRung,), {}, "Struck derives from a published event"),
        ((_Bell,), {"verison": 1}, "verison"),
    ],
)  # fmt: skip
def test_an_event_that_does_not_follow_another_is_refused(
    bases: tuple[type, ...], said: dict[str, Any], why: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(why)):
        types.new_class("Struck", bases, said)


def test_versions_live_side_by_side_and_say_whose_they_are() -> None:
    versions = {"BellRung1": BellRung1, "BellRung2": BellRung2, "BellRung": BellRung}
    registry = Registry([module("contracts.youth_events.bell", CATEGORY=CATEGORY, **versions)])
    assert list(registry) == [("BellRung", 1), ("BellRung", 2), ("BellRung", 3)]
    assert registry["BellRung", 2] == (BellRung2, (CATEGORY,))
    assert registry.services() == registry.topics([BellRung]) == ("youth-events",)
    assert registry.published_by("youth-events") == registry
    assert not registry.published_by("companies")
    assert registry.record("youth-events", "bell-big-1") == "/youth-events/v1/bells/big-1"
    towers = module("towers", CATEGORY=Category("bell-big", service="youth-events", path="/v1/big"))
    registry = Registry([module("bells", CATEGORY=CATEGORY), towers])
    assert registry.record("youth-events", "bell-big-1") == "/youth-events/v1/big/1"
    with pytest.raises(LookupError):
        registry.record("youth-events", "belfry-1")


def test_events_of_person_level_categories_are_in_a_topic_of_their_own() -> None:
    ringer = Category("ringer", service="youth-events", path="/v1/ringers", persons=True)
    struck = event()
    registry = Registry(
        [module("bells", CATEGORY=CATEGORY, BellRung=BellRung), module("ringers", CATEGORY=ringer, Struck=struck)]
    )
    assert registry.topics([BellRung]) == ("youth-events",)
    assert registry.topics([struck, BellRung]) == ("youth-events", "youth-events.persons")
    assert registry.topics_of("youth-events") == ("youth-events", "youth-events.persons")
    assert registry.topics_of("companies") == ("companies",)
    assert registry.topic_by_type("youth-events") == {"BellRung": "youth-events", "Struck": "youth-events.persons"}
    assert registry.topic_by_type("companies") == {}
    ours, theirs = erasures_of("companies"), erasures_of("youth-events")
    registry = Registry(
        [
            module("ours", CATEGORY=ours, EVENTS=(PersonErased,)),
            module("theirs", CATEGORY=theirs, EVENTS=(PersonErased,)),
        ]
    )
    assert registry.topic_by_type("companies") == {"PersonErased": "companies.persons"}
    assert registry.topics([PersonErased]) == ("companies.persons", "youth-events.persons")


def test_what_the_registry_cannot_tell_apart_is_refused() -> None:
    one = module("one", CATEGORY=CATEGORY, Struck=event())
    two = module("two", CATEGORY=Category("clock", service="companies", path="/v1/clocks"), Struck=event())
    with pytest.raises(TypeError, match="two: Struck, version 1, is twice"):
        Registry([one, two])
    with pytest.raises(TypeError, match="three has events, and no CATEGORY"):
        Registry([module("three", Struck=event())])
    with pytest.raises(TypeError, match="is of the service youth-events, and not in its package"):
        Registry([module("contracts.companies.bell", CATEGORY=CATEGORY)])
    later = module("later", CATEGORY=Category("gong", service="youth-events", path="/v1/gongs"), BellRung2=BellRung2)
    with pytest.raises(TypeError, match="youth-events: BellRung happens in bell and in gong"):
        Registry([module("before", CATEGORY=CATEGORY, BellRung1=BellRung1), later])
    for name, path in (("bell", "/v1/gongs"), ("gong", "/v1/bells")):
        with pytest.raises(TypeError, match="youth-events has"):
            Registry([one, module("four", CATEGORY=Category(name, service="youth-events", path=path))])
    assert Registry([module("five", values=3)]) == {}


@pytest.mark.parametrize(
    ("name", "service", "path"),
    [("Bell", "youth-events", "/v1/bells"), ("bell", "youth_events", "/v1/bells"), ("bell", "youth-events", "/bells")],
)
def test_a_category_is_written_as_one(name: str, service: str, path: str) -> None:
    with pytest.raises(TypeError, match="is not how a category, its service or its path is written"):
        Category(name, service, path)
