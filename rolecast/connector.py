"""What a connector is, and the errors it may raise.

    ConnectorError
    ├── Refused          the network will never take this post: change it
    ├── Gone             what was to be changed is not there any more
    ├── Unauthorised     a person has to renew the account's credentials
    ├── Unavailable      certainly not done; may be tried again, from `retry_after` on
    └── OutcomeUnknown   may have been done: look before sending again

They are grouped by what the caller does next. Whatever else escapes from a
mutating call counts as OutcomeUnknown.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from rolecast.image import Media

if TYPE_CHECKING:
    from rolecast.post import Post


class ConnectorError(Exception):
    """Carries a sentence for the recruiter: what happened, and what to do."""


class Refused(ConnectorError):
    """The network does not take this content."""


class Gone(ConnectorError):
    """The post that should be changed does not exist any more."""


class Unauthorised(ConnectorError):
    """The account's credentials are missing, wrong or expired."""


class Unavailable(ConnectorError):
    """Certainly not done; `retry_after` is the network's wish in seconds, or None."""

    def __init__(self, message: str, retry_after: float | None = None):
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(ConnectorError):
    """The request may have taken effect: the answer was lost or made no sense."""


class Guarantee(StrEnum):
    """What protects against a double post after a lost answer."""

    KEYED = "keyed"  # the network takes our key and refuses or merges a second one
    FINDABLE = "findable"  # we can look whether the post is there
    BLIND = "blind"  # nobody but a person can tell


class Receipt(BaseModel):
    """What a network gave back: needed to show, change or withdraw the post."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    address: str | None = Field(None, description="Where a person can see the post.")
    extra: dict[str, Any] = {}


class Seen(BaseModel):
    """What a look at a live post found; `says` is its text, None when not told."""

    model_config = ConfigDict(frozen=True)

    says: str | None = None
    address: str | None = None


class Counts(BaseModel):
    """A network's own figures for one post; None is "not measured", never 0."""

    model_config = ConfigDict(frozen=True)

    impressions: int | None = None
    clicks: int | None = None
    likes: int | None = None
    comments: int | None = None
    reshares: int | None = None


class Tokens(BaseModel):
    """What a network gave for an account: to call it with, and to get the next one with."""

    model_config = ConfigDict(frozen=True)

    access: SecretStr
    refresh: SecretStr | None = None
    expires: datetime | None = None
    since: datetime | None = Field(None, description="When we had it first.")

    def plain(self) -> str:
        """As JSON, secrets and all: only to be sealed."""
        opened = {
            "access": self.access.get_secret_value(),
            "refresh": self.refresh.get_secret_value() if self.refresh else None,
            "expires": self.expires.isoformat() if self.expires else None,
            "since": self.since.isoformat() if self.since else None,
        }
        return json.dumps(opened)


class Vault(Protocol):
    """Keeps the tokens that a network renews; rolecast.vault.LedgerVault is the real one."""

    def tokens(self, given: Tokens) -> Tokens:
        """What is valid now, where a person gave `given`."""

    def renewed(self, stale: Tokens, renew: Callable[[Tokens], Tokens]) -> Tokens:
        """What follows `stale`; `renew` is called by one worker only."""


class Limits(BaseModel):
    """What a network said last of how much one may ask of it; None: it did not say."""

    model_config = ConfigDict(frozen=True)

    of: int | None = None
    left: int
    resets: datetime | None = None


class Http(Protocol):
    """The one way out to a network; connectors.http.Http is the real one.

    `json` answers the decoded body of a 2xx answer and raises ConnectorError
    otherwise; `send` answers the raw response for the cases that need its
    status or headers. `memory` keeps what a connector needs between calls to
    one account, such as a session; `lock` guards it. `vault` keeps tokens
    that are renewed, where a key for it is set.
    """

    memory: dict[str, Any]
    limits: Limits | None
    vault: Vault | None
    lock: AbstractContextManager[Any]

    def send(self, method: str, url: str, **options: Any) -> Any: ...

    def json(self, method: str, url: str, **options: Any) -> Any: ...


class Connector(BaseModel, ABC):
    """Speaks one network's API. Its fields are the channel's settings.

    Only `publish` must be written. What is not overridden, the network cannot
    do, and the plan and the desk say so. Every field needs a description;
    secrets are `SecretStr | None` and their `json_schema_extra={"how": …}`
    says how a person gets one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    label: ClassVar[str]
    guarantee: ClassVar[Guarantee]
    limit: ClassVar[int | None] = None  # longest text, in what `measure` counts; None: no limit
    unit: ClassVar[str] = "characters"  # what `measure` counts
    manual: ClassVar[bool] = False  # a person carries it out, and says so on the desk
    local: ClassVar[bool] = False  # lives in the ledger: no network, nothing to lose
    settle: ClassVar[float] = 0.0  # seconds a lost request may still take effect at the network
    pace: ClassVar[float] = 0.0  # seconds between two changes that the network asks for
    media: ClassVar[Media | None] = None  # the pictures that it takes; None: it shows none
    together: ClassVar[bool] = False  # what is published at one time goes out as one message
    standing: ClassVar[bool] = False  # one page for a job, which is kept current: no reminders
    replies: ClassVar[bool] = False  # a post may answer another one, named by Post.reply_to
    tells: ClassVar[str] = ""  # by which a person may be told news: slack, teams; else none
    voice: ClassVar[str] = "default"  # the templates that it speaks with, where it has no own
    looks: ClassVar[str] = ""  # as readers see it, see rolecast.previews; "": by its voice
    fold: ClassVar[int | None] = None  # lines that readers see before “… more”; None: all
    cards: ClassVar[bool] = False  # it shows the job's page below the text, as a card

    @abstractmethod
    def publish(self, http: Http, post: Post) -> Receipt:
        """Put `post` out. Called again with the same key only where the first call had no effect
        or the guarantee is KEYED. Raises ConnectorError."""

    def publish_together(self, http: Http, posts: Sequence[Post]) -> Sequence[Receipt]:
        """As `publish`, for all `posts` in one message; receipts in their order. All are out, or
        none. Only called where `together` is set."""
        raise NotImplementedError

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        """Make the live post say what `post` says. Idempotent. Raises ConnectorError."""
        raise NotImplementedError

    def editable(self, receipt: Receipt) -> bool:
        """Whether this post can be edited now; some networks let one edit for a while only."""
        return self.can("edit")

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Take the post down; one that is gone already is no error. Idempotent."""
        raise NotImplementedError

    def find(self, http: Http, post: Post) -> Receipt | None:
        """Did we post this already? By key, or by the post's own link; None: certainly not."""
        raise NotImplementedError

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        """What is live now; None when it is gone."""
        raise NotImplementedError

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        """The network's figures by receipt id; posts it says nothing of are left out."""
        raise NotImplementedError

    def tell(self, http: Http, address: str, text: str) -> None:
        """Tell the person of a mail address something. Only called where `tells` is set. Raises
        ConnectorError; Refused when they are not there."""
        raise NotImplementedError

    def whoami(self, http: Http) -> str:
        """Who would we post as. Raises Unauthorised with the way to mend it."""
        raise NotImplementedError

    def audience(self) -> str | None:
        """Who alone sees a test post, in words; None: there is no such audience."""
        return None

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        """Put `post` where nobody but the `audience` sees it; None when nothing is left of it
        there. Raises ConnectorError."""
        raise NotImplementedError

    def measure(self, text: str) -> int:
        """The length of `text` as the network counts it."""
        return len(text)

    def wire(self, post: Post) -> str:
        """The post's text as it goes over the wire, in the network's own markup."""
        return post.text

    def cost(self, post: Post) -> str | None:
        """What publishing this costs there, in words; None where it costs nothing."""
        return None

    def warnings(self, today: date) -> list[str]:
        """What a person should see to soon, such as a version that ends; for `doctor`."""
        return []

    @property
    def shown_as(self) -> str:
        """The account's own name under a post, as far as the settings tell it."""
        return str(getattr(self, "handle", "") or getattr(self, "user", "") or "")

    @classmethod
    def can(cls, ability: str) -> bool:
        """Whether the network can `edit`, `withdraw`, `find`, `look`, `count`, `whoami` or
        `rehearse`."""
        return getattr(cls, ability) is not getattr(Connector, ability)

    @classmethod
    def secrets(cls) -> dict[str, str]:
        """The settings that are secret, each with how a person gets it."""
        return {
            field: (info.json_schema_extra or {}).get("how", info.description or "")
            for field, info in cls.model_fields.items()
            if SecretStr in getattr(info.annotation, "__args__", (info.annotation,))
        }

    def missing(self) -> list[str]:
        """The secrets that are needed and not set."""
        return [
            field
            for field in self.secrets()
            if getattr(self, field) is None
            and not (type(self).model_fields[field].json_schema_extra or {}).get("optional")
        ]
