"""Sending e-mail by SMTP with the standard library: one connection for several messages, encrypted, no header taken over."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from app.notices.errors import Undelivered

SECONDS = 10
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def is_address(text: str) -> bool:
    """Whether it is one plain e-mail address: no name, no list, no quoting, no space, ASCII."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None and ".." not in text


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. ``key`` makes its Message-ID, so that the same message has the same id however often it is sent."""

    to: str
    subject: str
    body: str
    key: str


Post = Callable[[Letter], None]


@dataclass(frozen=True, slots=True)
class Mailer:
    """The mail server of the installation. ``security`` is starttls, tls or none; ``ca_file`` trusts further authorities."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = ""
    ca_file: str = ""

    @contextlib.contextmanager
    def connected(self) -> Iterator[Post]:
        """A connection by which letters can be posted.

        Raises:
            Undelivered: the server cannot be reached, is not who it should be, or does not let us in.
        """
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(_code_of(error)) from error
        try:
            yield lambda letter: self._post(server, letter)
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=self._context())
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=self._context())
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca_file:
            context.load_verify_locations(self.ca_file)
        return context

    def _post(self, server: smtplib.SMTP, letter: Letter) -> None:
        """Hand one letter over.

        Raises:
            Undelivered: refused, or, final, the line broke so late that nobody knows whether it was taken.
        """
        content = self.written(letter)
        try:
            _expect(server.mail(self.sender), {250})
            _expect(server.rcpt(letter.to), {250, 251})
        except (OSError, smtplib.SMTPException) as error:
            server.close()
            raise Undelivered(_code_of(error)) from error
        except Undelivered:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.rset()
            raise
        try:
            _expect(server.data(content), {250})
        except smtplib.SMTPDataError as error:
            raise Undelivered(_code_of(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            server.close()
            raise Undelivered(UNKNOWN, is_final=True) from error

    def written(self, letter: Letter) -> bytes:
        """The letter as it goes over the line.

        Raises:
            Undelivered: the address is not one.
        """
        if not is_address(letter.to):
            raise Undelivered("smtp_bad_address", is_final=True)
        domain = self.sender.rpartition("@")[2]
        message = EmailMessage(policy=SMTP)
        message["From"] = Address("公开 Gongkai", addr_spec=self.sender)
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = one_line(letter.subject)
        message["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9.-]', '.', letter.key)}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body, charset="utf-8", cte="base64")
        return message.as_bytes()


UNKNOWN = "unknown_whether_sent"
"""The code of a message that may or may not have gone out; a person decides whether it is sent again."""


def one_line(text: str) -> str:
    """The text without line breaks and control characters: what stands in a header can begin no other header."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _expect(answer: tuple[int, bytes], codes: set[int]) -> None:
    if answer[0] not in codes:
        raise Undelivered(f"smtp_{answer[0]}", is_final=answer[0] >= 500)


def _code_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp_{error.smtp_code}"
    return f"smtp_{type(error).__name__}"
