"""The words of permission, as the API, the ledger and the database spell them."""

from enum import StrEnum


class Channel(StrEnum):
    """How a person can be reached."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    CALL = "CALL"
    POST = "POST"


class ConsentStatus(StrEnum):
    """May we? The permission of one address on one channel."""

    NON_MARKETABLE = "NON_MARKETABLE"
    SINGLE_OPT_IN = "SINGLE_OPT_IN"
    DOUBLE_OPT_IN = "DOUBLE_OPT_IN"
    OPTED_OUT = "OPTED_OUT"


class Deliverability(StrEnum):
    """Can we? Apart from permission."""

    OK = "OK"
    ERROR = "ERROR"


class Lifecycle(StrEnum):
    """Whether the contact counts among the active."""

    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class OptOutPolicy(StrEnum):
    """Who can lift an opt-out."""

    WITH_EVIDENCE = "WITH_EVIDENCE"
    STRICT = "STRICT"


class ConsentAction(StrEnum):
    """What a ledger entry records."""

    CONTACT_CREATED = "CONTACT_CREATED"
    CONTACT_UPDATED = "CONTACT_UPDATED"
    ADDRESS_ADDED = "ADDRESS_ADDED"
    ADDRESS_REMOVED = "ADDRESS_REMOVED"
    OPT_IN = "OPT_IN"
    OPT_OUT = "OPT_OUT"
    CONFIRMATION_REQUESTED = "CONFIRMATION_REQUESTED"
    CONFIRM = "CONFIRM"
    RESTORE = "RESTORE"
    ARCHIVE = "ARCHIVE"
    ACTIVATE = "ACTIVATE"
    MARK_ERROR = "MARK_ERROR"
    CLEAR_ERROR = "CLEAR_ERROR"
    TOPIC_ON = "TOPIC_ON"
    TOPIC_OFF = "TOPIC_OFF"
    ERASE = "ERASE"


class ConsentSource(StrEnum):
    """By which way a change came."""

    OPERATOR = "OPERATOR"
    BULK = "BULK"
    IMPORT = "IMPORT"
    SIGNUP_FORM = "SIGNUP_FORM"
    UNSUBSCRIBE_LINK = "UNSUBSCRIBE_LINK"
    ONE_CLICK = "ONE_CLICK"
    PREFERENCE_CENTRE = "PREFERENCE_CENTRE"
    CONFIRMATION_LINK = "CONFIRMATION_LINK"
    RECIPIENT_RELAYED = "RECIPIENT_RELAYED"
    SMS_KEYWORD = "SMS_KEYWORD"
    BOUNCE = "BOUNCE"
    COMPLAINT = "COMPLAINT"
    AUTOMATION = "AUTOMATION"
    UNDO = "UNDO"


class EvidenceMethod(StrEnum):
    """How permission was obtained."""

    SIGNUP_FORM = "SIGNUP_FORM"
    WRITTEN_REQUEST = "WRITTEN_REQUEST"
    PAPER_FORM = "PAPER_FORM"
    VERBAL = "VERBAL"
    EXISTING_CUSTOMER = "EXISTING_CUSTOMER"
    OTHER_PROVIDER = "OTHER_PROVIDER"
    OTHER = "OTHER"


class Purpose(StrEnum):
    """What a message is for."""

    BROADCAST = "BROADCAST"
    JOURNEY = "JOURNEY"
    TRANSACTIONAL = "TRANSACTIONAL"
    CONFIRMATION = "CONFIRMATION"
