"""E-mail as it goes over the line: encrypted, one address, no header that somebody else wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.notices.errors import Undelivered
from app.notices.mail import UNKNOWN, Letter, Mailer, is_address
from tests.fixtures.receivers import mail_server, self_signed
from tests.fixtures.servers import free_port

LETTER = Letter("member@example.test", "轮到您审批", "请打开看。\n", "mail:1:2")
HOSTILE = "五一\r\nBcc: everyone@example.test\r\n\r\n<b>x</b>\x00"


def post(mailer: Mailer, *letters: Letter) -> None:
    with mailer.connected() as send:
        for letter in letters:
            send(letter)


def plain(port: int) -> Mailer:
    return Mailer("127.0.0.1", port, "gongkai@union.example", security="none")


def test_a_letter_arrives_as_it_was_written() -> None:
    with mail_server() as office:
        post(plain(office.port), LETTER)
    (letter,) = office.letters
    assert letter["Subject"] == "轮到您审批"
    assert letter["To"] == "member@example.test"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().splitlines() == ["请打开看。"]


def test_the_line_is_encrypted_before_anything_is_said(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with mail_server(certificate) as office:
        post(Mailer("localhost", office.port, "gongkai@union.example", ca_file=str(certificate.chain)), LETTER)
    assert office.was_encrypted == [True]


def test_a_server_that_cannot_prove_its_name_gets_no_letter(tmp_path: Path) -> None:
    with mail_server(self_signed(tmp_path)) as office, pytest.raises(Undelivered, match="smtp_SSLCertVerif"):
        post(Mailer("localhost", office.port, "gongkai@union.example"), LETTER)
    assert office.letters == []


def test_a_server_without_encryption_gets_no_letter_when_encryption_is_asked() -> None:
    with mail_server() as office, pytest.raises(Undelivered, match="smtp_SMTPNotSupportedError"):
        post(Mailer("localhost", office.port, "gongkai@union.example"), LETTER)
    assert office.letters == []


def test_a_title_with_line_breaks_begins_no_header_of_its_own() -> None:
    with mail_server() as office:
        post(plain(office.port), Letter("member@example.test", HOSTILE, HOSTILE, "k\r\nBcc: x@example.test"))
    (letter,) = office.letters
    assert "Bcc" not in letter
    assert letter["Subject"] == "五一 Bcc: everyone@example.test <b>x</b>"
    assert office.recipients == ["rcpt TO:<member@example.test>"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a@example.test\r\nBcc: b@example.test",
        "a@example.test,b@example.test",
        "A <a@example.test>",
        '"a b"@example.test',
        "a@example",
        "a@-x.test",
        "a..b@example.test",
        "a@例子.测试",
        "a@example.test ",
        "x" * 250 + "@a.test",
    ],
)
def test_what_is_not_one_plain_address_is_sent_nothing(address: str) -> None:
    assert not is_address(address)
    with mail_server() as office, pytest.raises(Undelivered, match="smtp_bad_address"):
        post(plain(office.port), Letter(address, "s", "b", "k"))
    assert office.recipients == []


def test_an_address_that_the_server_does_not_know_is_final_and_the_next_letter_goes_on() -> None:
    with mail_server() as office:
        office.refuse_recipient = "550 no such user"
        with plain(office.port).connected() as send:
            with pytest.raises(Undelivered, match="smtp_550") as refused:
                send(LETTER)
            office.refuse_recipient = ""
            send(LETTER)
    assert refused.value.is_final
    assert "member" not in refused.value.code
    assert len(office.letters) == 1


def test_a_full_mailbox_is_tried_again() -> None:
    with mail_server() as office:
        office.refuse_recipient = "452 mailbox full"
        with pytest.raises(Undelivered, match="smtp_452") as refused:
            post(plain(office.port), LETTER)
    assert not refused.value.is_final


def test_when_the_line_breaks_after_the_letter_nobody_sends_it_again_by_himself() -> None:
    with mail_server() as office:
        office.break_after_data = True
        with pytest.raises(Undelivered, match=UNKNOWN) as broken:
            post(plain(office.port), LETTER)
    assert broken.value.is_final


def test_a_letter_sent_twice_has_one_id() -> None:
    mailer = plain(25)
    assert mailer.written(LETTER) == mailer.written(LETTER)
    assert b"Message-ID: <mail.1.2@union.example>" in mailer.written(LETTER)


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with mail_server(), pytest.raises(Undelivered, match="smtp_ConnectionRefusedError") as refused:
        post(plain(free_port()), LETTER)
    assert not refused.value.is_final
