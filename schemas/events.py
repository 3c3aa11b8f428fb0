"""Provenance events in PREMIS terms: who, what, when, with which tool, with what outcome."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class EventType(StrEnum):
    """PREMIS event types used here (id.loc.gov eventType, plus our own where none fits)."""

    INGESTION = "ingestion"
    OCR = "ocr"
    METADATA_EXTRACTION = "metadata extraction"
    CREATION = "creation"
    VALIDATION = "validation"
    FIXITY_CHECK = "fixity check"
    CODE_ISSUED = "code issued"
    CODE_VOIDED = "code voided"
    DECISION = "metadata modification"  # a person's decision on one value, old and new
    REPAIR = "repair"  # good bytes put back where an object was lost or damaged
    RELEASED = "released"  # a person released a paper that bears, or seemed to bear, a mark of secrecy
    LINKED = "linked"
    REGISTER = "register"  # a clerk's register was imported, or matched with the scans
    CALIBRATION = "calibration"  # a person set this home's thresholds from its checked values
    FACTS = "facts"  # inventory, revocations, desks or another table of facts was imported, or a row of one withdrawn
    LOT = "acceptance lot"  # a lot was drawn, an inspector's findings were entered, or it was decided
    FROZEN = "figures frozen"  # a set of figures was frozen; the detail names its manifest
    PAGE_WORK = "page work"  # a person split, joined, turned or replaced pages
    REPORT = "report"  # a batch's report was issued; the detail holds its file's hash and its fingerprint
    PERIOD_REPORT = "period report"  # a quarter's or year's report was issued, or approved by a leader
    ACCOUNT = "account"  # a person's account was made, disabled, or given other rights or secrets
    SIGN_IN = "sign in"  # signed in, out, or failed to; the subject is the account, or `unknown`
    SEEN = "identifier seen"  # a person looked at identifiers of a paper in clear
    SKIPPED = "review skipped"  # a person put a paper back unanswered, or said that it must be scanned again
    UPLOAD = (
        "upload"  # scans were handed in through the web page: opened, file by file, handed over, given up
    )
    SCHEDULE = "schedule"  # a person started, paused, resumed, cancelled or moved a batch on the web page
    SUBMISSION = "submission"  # a unit declared its inventory; another person approved or returned it
    API_KEY = "api key"  # a key of the look-up API was issued or revoked
    LOOKUP = (
        "look-ups"  # how often each system looked papers up in an hour; the look-ups themselves lie beside it
    )
    REUSE = "re-use"  # a one-stop desk confirmed that a stored result took a component's place in a dossier
    LEGAL_HOLD = "legal hold"  # a person put a paper under hold, whatever its term, or released it
    RETENTION = (
        "retention decided"  # a person reviewed a paper whose term is over: kept longer, or handed over
    )
    PERSON_EXPORT = "person export"  # the papers of one person were exported, for a purpose
    SET_ASIDE = "set aside"
    BATCH_STARTED = "batch started"
    BATCH_ENDED = "batch ended"


class Event(BaseModel):
    """One event. `at` is ISO 8601 with offset; `subject` a document id, SHA-256 or batch name."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: EventType
    at: str
    subject: str
    batch: str | None = None
    agent: str
    tool: str
    outcome: str
    detail: dict[str, str | int | float | None] = {}
