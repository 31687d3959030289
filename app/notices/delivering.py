"""From the outbox to people: notices in the product, e-mail at once or once a day, and the union's webhook.

Three short transactions, never one around a network: rows are passed on to people and channels; a worker claims what is
due; what came of it is noted. A mail server that fails touches deliveries and nothing else. A claim that lapses means that a
worker died while sending: a webhook is then sent again under the same key, an e-mail is not, because nobody can tell
whether it went out; it becomes an incident and a person decides.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.foundation.clock import UNION_ZONE, stamp, union_day
from app.foundation.db import Database
from app.foundation.errors import TooBusy
from app.foundation.ids import new_id
from app.notices import mail, queries
from app.notices.errors import Undelivered
from app.notices.kinds import Kinds
from app.notices.mail import Letter, Mailer, Post
from app.notices.models import Delivery, Incident, Notice, NoticeSetting, Outbox
from app.notices.ports import Announced, Announcers
from app.notices.webhooks import Hooks, Parcel
from app.people import queries as people
from app.people.models import Union
from app.wording import Language, Text

ROWS_AT_ONCE = 100
SENT_AT_ONCE = 20
CLAIM = timedelta(minutes=10)
"""Longer than sending ``SENT_AT_ONCE`` messages can take; after it another worker takes the claim for dead."""
MOST_ATTEMPTS = 11
FIRST_PAUSE = timedelta(seconds=30)
"""Doubled with every attempt: the last one comes eight and a half hours after the first."""
IN_ONE_DIGEST = 50
"""So many notices are written out; the mail says how many more there are."""


@dataclass(frozen=True, slots=True)
class Channels:
    """How this installation reaches people. Without a mailer there is no e-mail; ``address`` begins every link."""

    mailer: Mailer | None
    hooks: Hooks
    digest_hour: int = 8
    address: str = ""

    def digest_cutoff(self, now: datetime) -> datetime | None:
        """The union's morning of that day if it has come: what was noticed before it goes into the day's digest."""
        if self.mailer is None:
            return None
        morning = datetime.combine(union_day(now), time(self.digest_hour), UNION_ZONE)
        return morning if now >= morning else None


@dataclass(frozen=True, slots=True)
class Worker:
    """Delivers for all unions. Any number may run beside each other, on one database."""

    database: Database
    announcers: Announcers
    kinds: Kinds
    channels: Channels

    def round(self, now: datetime) -> int:
        """Do everything that is due; how much that was. A message that cannot be sent stops no other."""
        with self.database.read() as session:
            unions = queries.unions_with_work(session, now, self.channels.digest_cutoff(now))
        done = 0
        for union_id in unions:
            with contextlib.suppress(TooBusy):  # the next round finds it again
                done += self.pass_on(union_id, now)
                done += self.database.transact(partial(self._making_digests, union_id, now))
                done += self.send_due(union_id, now)
        return done

    def pass_on_within(self, session: Session, union_id: uuid.UUID, now: datetime, at_most: int = ROWS_AT_ONCE) -> int:
        """Rows of the outbox become notices and deliveries, in a transaction that is open already."""
        return pass_on(session, self.announcers, self.kinds, self.channels, union_id, now, at_most=at_most)

    def pass_on(self, union_id: uuid.UUID, now: datetime) -> int:
        """Rows of the outbox become notices and deliveries; a row that cannot be read is set aside, and the rest go on."""
        try:
            return self.database.transact(partial(self._passing_on, union_id, now, ROWS_AT_ONCE))
        except (DBAPIError, TooBusy):
            raise
        except Exception:  # noqa: BLE001 - whatever it was, one bad row must not silence the union
            return self._one_by_one(union_id, now)

    def _passing_on(self, union_id: uuid.UUID, now: datetime, at_most: int, session: Session) -> int:
        return self.pass_on_within(session, union_id, now, at_most)

    def _making_digests(self, union_id: uuid.UUID, now: datetime, session: Session) -> int:
        return make_digests(session, self.channels, union_id, now)

    def _one_by_one(self, union_id: uuid.UUID, now: datetime) -> int:
        passed = 0
        for _ in range(ROWS_AT_ONCE):
            try:
                count = self.database.transact(partial(self._passing_on, union_id, now, 1))
            except (DBAPIError, TooBusy):
                raise
            except Exception as error:  # noqa: BLE001 - as above; the incident names it
                code = f"notice_{type(error).__name__}"
                count = self.database.transact(partial(_setting_aside, union_id, code, now))
            if not count:
                break
            passed += count
        return passed

    def send_due(self, union_id: uuid.UUID, now: datetime) -> int:
        """Claim what is due and send it; the database is not held meanwhile."""
        worker = new_id(now)
        claimed = self.database.transact(lambda session: claim(session, union_id, worker, now))
        by_mail = [one for one in claimed if one.channel != "webhook"]
        for one in claimed:
            if one.channel == "webhook":
                self._conclude(one, worker, self._hooked(one, now), now)
        if by_mail:
            self._mail(by_mail, worker, now)
        return len(claimed)

    def _hooked(self, one: Delivery, now: datetime) -> _Result:
        with self.database.read() as session:
            parcel = parcel_of(session, one)
        if parcel is None:
            return _Result("needless")
        try:
            self.channels.hooks.send(parcel, now)
        except Undelivered as error:
            return _Result("failed", error.code, is_final=error.is_final)
        except Exception as error:  # noqa: BLE001 - one message that cannot be sent must not end the worker
            return _Result("failed", f"webhook_{type(error).__name__}")
        return _Result("sent")

    def _mail(self, claimed: Sequence[Delivery], worker: uuid.UUID, now: datetime) -> None:
        """One connection for all of them; what it could not take is tried again later."""
        with self.database.read() as session:
            letters = [(one, letter_of(session, one, self.channels, now)) for one in claimed]
        for one, letter in letters:
            if letter is None:
                self._conclude(one, worker, _Result("needless"), now)
        written = [(one, letter) for one, letter in letters if letter is not None]
        if not written:
            return
        if self.channels.mailer is None:
            for one, _ in written:
                self._conclude(one, worker, _Result("failed", "mail_is_off", is_final=True), now)
            return
        waiting = [one for one, _ in written]
        try:
            with self.channels.mailer.connected() as post:
                for one, letter in written:
                    self._conclude(one, worker, _posted(post, letter), now)
                    waiting.remove(one)
        except Undelivered as error:
            for one in waiting:
                self._conclude(one, worker, _Result("failed", error.code, is_final=error.is_final), now)

    def _conclude(self, one: Delivery, worker: uuid.UUID, result: _Result, now: datetime) -> None:
        self.database.transact(lambda session: conclude(session, one, worker, result, now))


def _posted(post: Post, letter: Letter) -> _Result:
    try:
        post(letter)
    except Undelivered as error:
        return _Result("failed", error.code, is_final=error.is_final)
    except Exception as error:  # noqa: BLE001 - as for webhooks
        return _Result("failed", f"smtp_{type(error).__name__}")
    return _Result("sent")


def _setting_aside(union_id: uuid.UUID, code: str, now: datetime, session: Session) -> int:
    return set_aside(session, union_id, code, now)


@dataclass(frozen=True, slots=True)
class _Result:
    outcome: str
    """sent, needless or failed."""
    code: str = ""
    is_final: bool = False


# --- the outbox ----------------------------------------------------------------------------------------------------------


def pass_on(
    session: Session,
    announcers: Announcers,
    kinds: Kinds,
    channels: Channels,
    union_id: uuid.UUID,
    now: datetime,
    *,
    at_most: int = ROWS_AT_ONCE,
) -> int:
    """Rows whose hold is over become notices and deliveries, oldest first; how many rows.

    On PostgreSQL rows are skipped that another worker has taken; on SQLite there is one writer anyway.
    """
    rows = _ready(session, union_id, now, at_most)
    if not rows:
        return 0
    announced = announcers.announced(session, union_id, rows)
    told = list(_told(session, union_id, rows, announced, kinds, now))
    settings = (
        queries.mailable(session, union_id, {one.person_id for one in told}, union_day(now))
        if channels.mailer and told
        else {}
    )
    notices, deliveries = [], []
    for one in told:
        mode = _mode(settings.get(one.person_id), is_urgent=kinds.is_urgent(one.kind))
        notices.append(_notice_row(union_id, one, now, in_digest=mode == "digest"))
        if mode == "immediate":
            key = f"mail:{one.person_id}:{one.row.id}"
            owner = announced[one.row.id].owner or one.person_id
            deliveries.append(
                _delivery_row(union_id, key, "mail", now, row=one.row, person_id=one.person_id, owner_id=owner)
            )
    if queries.webhook_of(session, union_id) is not None:
        deliveries += [
            _delivery_row(
                union_id,
                f"webhook:{row.id}",
                "webhook",
                now,
                row=row,
                owner_id=announced.get(row.id, Announced()).owner,
            )
            for row in rows
            if row.topic.startswith("case.")
        ]
    if notices:
        session.execute(sa.insert(Notice), notices)
    if deliveries:
        session.execute(sa.insert(Delivery), deliveries)
    _mark_passed_on(session, union_id, rows, now)
    return len(rows)


def set_aside(session: Session, union_id: uuid.UUID, code: str, now: datetime) -> int:
    """The first row that waits cannot be read: it becomes an incident, and the next ones get their turn."""
    rows = _ready(session, union_id, now, 1)
    for row in rows:
        session.add(_incident(union_id, str(row.id), "outbox", row.case_id, None, code, 1, now, _number(row)))
    _mark_passed_on(session, union_id, rows, now)
    session.flush()
    return len(rows)


def _ready(session: Session, union_id: uuid.UUID, now: datetime, at_most: int) -> Sequence[Outbox]:
    return session.scalars(
        sa.select(Outbox)
        .where(Outbox.union_id == union_id, Outbox.delivered_at.is_(None), Outbox.not_before <= now)
        .order_by(Outbox.not_before, Outbox.id)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    ).all()


def _mark_passed_on(session: Session, union_id: uuid.UUID, rows: Sequence[Outbox], now: datetime) -> None:
    session.execute(
        sa.update(Outbox)
        .where(Outbox.union_id == union_id, Outbox.id.in_([row.id for row in rows]))
        .values(delivered_at=now),
        execution_options={"synchronize_session": False},
    )


@dataclass(frozen=True, slots=True)
class _Told:
    row: Outbox
    person_id: uuid.UUID
    kind: str
    text: Text


def _told(
    session: Session,
    union_id: uuid.UUID,
    rows: Sequence[Outbox],
    announced: dict[uuid.UUID, Announced],
    kinds: Kinds,
    now: datetime,
) -> Iterator[_Told]:
    """Everyone the rows speak to, each with the first message that is for him."""
    named = {who for one in announced.values() for message in one.messages for who in message.to}
    offices = {who for who in named if not _is_person(who)}
    holders = people.holders(session, union_id, offices, union_day(now)) if offices else {}
    for row in rows:
        said = announced.get(row.id, Announced())
        reached: set[str] = {said.by} if said.by else set()
        for message in said.messages:
            persons: set[str] = set()
            for who in message.to:
                persons |= {who} if _is_person(who) else holders.get(who, frozenset())
            text = kinds.sentence(message.kind, message.figures)
            for person in sorted(persons - message.barred - reached):
                yield _Told(row, uuid.UUID(person), message.kind, text)
            reached |= persons - message.barred


def _is_person(who: str) -> bool:
    return len(who) == 36


def _mode(setting: NoticeSetting | None, *, is_urgent: bool) -> str:
    if setting is None:
        return "off"
    return setting.mail_urgent if is_urgent else setting.mail_other


def _notice_row(union_id: uuid.UUID, one: _Told, now: datetime, *, in_digest: bool) -> dict[str, Any]:
    return {
        "union_id": union_id,
        "person_id": one.person_id,
        "outbox_id": one.row.id,
        "kind": one.kind,
        "case_id": one.row.case_id,
        "zh": one.text.zh,
        "en": one.text.en,
        "created_at": now,
        "read_at": None,
        "in_digest": in_digest,
        "digest_on": None,
    }


def _delivery_row(
    union_id: uuid.UUID,
    key: str,
    channel: str,
    now: datetime,
    *,
    row: Outbox | None = None,
    person_id: uuid.UUID | None = None,
    owner_id: uuid.UUID | None = None,
    day: date | None = None,
) -> dict[str, Any]:
    return {
        "union_id": union_id,
        "key": key,
        "channel": channel,
        "person_id": person_id,
        "outbox_id": row.id if row else None,
        "day": day,
        "case_id": row.case_id if row else None,
        "owner_id": owner_id or person_id,
        "due_at": now,
        "claim": None,
        "attempts": 0,
        "last_error": "",
        "done_at": None,
        "outcome": "",
        "created_at": now,
    }


def make_digests(session: Session, channels: Channels, union_id: uuid.UUID, now: datetime) -> int:
    """Once a day, at the union's morning: one delivery for each person with anything new; how many."""
    cutoff = channels.digest_cutoff(now)
    if cutoff is None:
        return 0
    day = union_day(now)
    fresh = (
        Notice.union_id == union_id,
        Notice.in_digest.is_(True),
        Notice.digest_on.is_(None),
        Notice.created_at < cutoff,
    )
    persons = session.scalars(sa.select(Notice.person_id).where(*fresh).distinct()).all()
    keys = {f"digest:{person}:{day}": person for person in persons}
    made = session.scalars(
        sa.select(Delivery.key).where(Delivery.union_id == union_id, Delivery.key.in_(list(keys)))
    ).all()
    new = {key: person for key, person in keys.items() if key not in made}  # never two on one day
    if new:
        rows = [_delivery_row(union_id, key, "digest", now, person_id=person, day=day) for key, person in new.items()]
        session.execute(sa.insert(Delivery), rows)
        session.execute(sa.update(Notice).where(*fresh, Notice.person_id.in_(new.values())).values(digest_on=day))
    return len(new)


# --- claiming and concluding ---------------------------------------------------------------------------------------------


def claim(session: Session, union_id: uuid.UUID, worker: uuid.UUID, now: datetime) -> list[Delivery]:
    """Take what is due for this worker alone; the rows come back as they are after the claim."""
    due = session.scalars(
        sa.select(Delivery)
        .where(Delivery.union_id == union_id, Delivery.done_at.is_(None), Delivery.due_at <= now)
        .order_by(Delivery.due_at, Delivery.key)
        .limit(SENT_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    taken = []
    for one in due:
        if one.claim is not None and one.channel != "webhook":
            _give_up(session, one, mail.UNKNOWN, now)
            continue
        one.claim, one.due_at, one.attempts = worker, now + CLAIM, one.attempts + 1
        taken.append(one)
    session.flush()
    return taken


def conclude(session: Session, claimed: Delivery, worker: uuid.UUID, result: _Result, now: datetime) -> None:
    """Note what came of a claimed delivery; nothing if the claim has lapsed meanwhile."""
    one = session.scalars(
        sa.select(Delivery)
        .where(Delivery.union_id == claimed.union_id, Delivery.key == claimed.key, Delivery.claim == worker)
        .with_for_update()
    ).one_or_none()
    if one is None:
        return
    if result.outcome != "failed":
        one.claim, one.done_at, one.outcome, one.last_error = None, now, result.outcome, ""
    elif result.is_final or one.attempts >= MOST_ATTEMPTS:
        _give_up(session, one, result.code, now)
    else:
        one.claim, one.last_error = None, result.code
        one.due_at = now + FIRST_PAUSE * 2 ** (one.attempts - 1)
    session.flush()


def _give_up(session: Session, one: Delivery, code: str, now: datetime) -> None:
    """Stop trying: from here on it is an incident that a person looks at."""
    one.claim, one.done_at, one.outcome, one.last_error = None, now, "failed", code
    row = session.get(Outbox, (one.union_id, one.outbox_id)) if one.outbox_id else None
    number = _number(row) if row else ""
    session.add(
        _incident(one.union_id, one.key, one.channel, one.case_id, one.owner_id, code, one.attempts, now, number)
    )


def _incident(
    union_id: uuid.UUID,
    key: str,
    channel: str,
    case_id: uuid.UUID | None,
    owner_id: uuid.UUID | None,
    code: str,
    attempts: int,
    now: datetime,
    number: str,
) -> Incident:
    return Incident(
        union_id=union_id,
        id=new_id(now),
        delivery_key=key,
        channel=channel,
        case_id=case_id,
        number=number,
        owner_id=owner_id,
        error=code,
        attempts=attempts,
        opened_at=now,
        resolved_at=None,
        resolved_by=None,
    )


def _number(row: Outbox) -> str:
    return str(row.payload.get("number") or "")


# --- what is sent --------------------------------------------------------------------------------------------------------


def parcel_of(session: Session, one: Delivery) -> Parcel | None:
    """The webhook's message, without any personal value: no name, no title, no amount; None when nobody wants it any more."""
    webhook = queries.webhook_of(session, one.union_id)
    row = session.get(Outbox, (one.union_id, one.outbox_id))
    if webhook is None or row is None or row.withdrawn_at is not None:
        return None
    payload = row.payload
    body = {
        "id": str(row.id),
        "event": row.topic,
        "at": stamp(row.created_at),
        "union": session.get_one(Union, one.union_id).slug,
        "case": {
            "id": payload["case"],
            "number": payload["number"],
            "workflow": payload["workflow"],
            "state": payload["state"],
            "event": row.event,
        },
    }
    return Parcel(
        webhook.url, webhook.secret, str(row.id), json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    )


def letter_of(session: Session, one: Delivery, channels: Channels, now: datetime) -> Letter | None:
    """The e-mail; None when it became needless: no address any more, gone from the union, or all read."""
    if one.person_id is None:
        return None
    setting = queries.mailable(session, one.union_id, [one.person_id], union_day(now)).get(one.person_id)
    if setting is None:
        return None
    language: Language = "en" if setting.language == "en" else "zh"
    union = session.get_one(Union, one.union_id).name
    if one.channel == "mail":
        notice = session.get(Notice, (one.union_id, one.person_id, one.outbox_id))
        return None if notice is None else _letter_at_once(notice, setting.email, language, union, channels, one.key)
    notices = session.scalars(
        sa.select(Notice)
        .where(
            Notice.union_id == one.union_id,
            Notice.person_id == one.person_id,
            Notice.digest_on == one.day,
            Notice.read_at.is_(None),
        )
        .order_by(Notice.created_at, Notice.outbox_id)
    ).all()
    return _digest(notices, setting.email, language, union, channels, one.key) if notices else None


FOOT = Text(
    "这封信由“公开”自动发出，请勿回复。要改收信方式，请登录后打开：{address}/me/notices",
    "Gongkai sent this by itself; do not reply. To change what you get, sign in and open: {address}/me/notices",
)


def _letter_at_once(notice: Notice, to: str, language: Language, union: str, channels: Channels, key: str) -> Letter:
    sentence = Text(notice.zh, notice.en).in_(language)
    link = f"{channels.address}/cases/{notice.case_id}" if notice.case_id else f"{channels.address}/notices"
    body = f"{sentence}\n{link}\n\n-- \n{union}\n{FOOT.fill(address=channels.address).in_(language)}\n"
    return Letter(to, sentence, body, key)


def _digest(notices: Sequence[Notice], to: str, language: Language, union: str, channels: Channels, key: str) -> Letter:
    count, shown = len(notices), notices[:IN_ONE_DIGEST]
    subject = Text(f"{union}：{count} 条新通知", f"{union}: {count} new notices").in_(language)
    lines = [f"{at}. {mail.one_line(Text(one.zh, one.en).in_(language))}" for at, one in enumerate(shown, 1)]
    if count > len(shown):
        lines.append(Text(f"……另有 {count - len(shown)} 条", f"… and {count - len(shown)} more").in_(language))
    foot = FOOT.fill(address=channels.address).in_(language)
    body = "\n".join([*lines, "", f"{channels.address}/notices", "", "-- ", union, foot, ""])
    return Letter(to, subject, body, key)
