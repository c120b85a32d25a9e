"""What can go wrong, ordered by what the catcher should do.

BotError
├── ConfigError         stop at start-up; names the setting, what it holds and what would do
├── SourceError         the place where cost is recorded
│   ├── SourceUnavailable   try later
│   ├── SourceRefused       a human must act: the file, the window or the scope is not usable as given
│   └── SourceChanged       the content no longer fits what the source promises: book nothing
├── StoreError          the database could not do it; nothing was changed
│   └── LoadInProgress      another load of the same source is under way: try again when it has ended
├── DeliveryError       a message or a question to a chat platform
│   ├── DeliveryDeferred    again later (.retry_after)
│   ├── DeliveryImpossible  never as it is: park it, tell the operator
│   └── DeliveryUnknown     nobody can tell whether it arrived: do not repeat it blindly
├── RuleError           the numbers allow no answer; say so, do not guess
│   └── CurrencyMismatch
├── MessageError        template and view disagree: a bug for the tests
└── Refusal             someone asked for what they may not have or what does not exist; the sentence is for them
"""

from __future__ import annotations

from datetime import timedelta


class BotError(Exception):
    """Base of all errors that carry a sentence for a person."""


class ConfigError(BotError):
    """A setting or a file an operator wrote cannot be used as it is."""


class SourceError(BotError):
    """A usage source did not give what was asked."""


class SourceUnavailable(SourceError):  # noqa: N818 - reads as the state of the source
    """The source could not be reached now.

    Attributes:
        retry_after: When to try again, if the source said so.
    """

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceRefused(SourceError):  # noqa: N818 - reads as the state of the source
    """The source cannot be loaded as given; the sentence says what would do."""


class SourceChanged(SourceError):  # noqa: N818 - reads as the state of the source
    """What came no longer fits the source's data sheet; nothing was booked."""


class StoreError(BotError):
    """The database refused or failed; the transaction was rolled back."""


class LoadInProgress(StoreError):  # noqa: N818 - reads as the state of the load
    """Another load of the same source holds the lock."""


class DeliveryError(BotError):
    """A chat platform did not do what it was asked."""


class DeliveryDeferred(DeliveryError):  # noqa: N818 - reads as the state of the message
    """It may work later.

    Attributes:
        retry_after: When to try again, if the platform said so.
    """

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeliveryImpossible(DeliveryError):  # noqa: N818 - reads as the state of the message
    """It will not work as it is; a human must act, or nobody can."""


class DeliveryUnknown(DeliveryError):  # noqa: N818 - reads as the state of the message
    """The connection broke after the request had gone out."""


class RuleError(BotError):
    """The numbers allow no answer."""


class CurrencyMismatch(RuleError):  # noqa: N818 - names what does not match
    """Amounts in two currencies were about to be added."""


class MessageError(BotError):
    """A template and its view disagree."""


class Refusal(BotError):  # noqa: N818 - what the person reads, not a failure of ours
    """A polite no that reveals nothing; as text it is in English.

    Attributes:
        template: The English sentence, with `{name}` where a value goes, to be said in the person's language.
        suggestion: Words to ask instead, where there is a nearest question.
    """

    def __init__(self, template: str, suggestion: str = "", **values: str) -> None:
        super().__init__(template.format(**values))
        self.template, self.suggestion, self.values = template, suggestion, values
