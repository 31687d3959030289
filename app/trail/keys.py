"""The signing key: a file outside the database that only its owner can read.

Whoever holds the database alone can then rewrite records but sign no head for them. One installation has one key; it
signs for each log under that log's name, so the public key's text form differs from log to log.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.foundation.errors import AppError
from app.trail.note import VerifierKey, check_name

_LARGEST_FILE = 4096


class KeyFileMissing(AppError):
    """没有找到签名密钥 {path}。请先生成密钥，或从保管处取回。

    There is no signing key at {path}. Make one first, or bring it back from where it is kept.
    """

    code = "key_file_missing"


class KeyFileExists(AppError):
    """{path} 已经存在，不会覆盖。更换密钥请先写入另一个文件。

    {path} exists already and is not overwritten. To change keys, write the new one to another file first.
    """

    code = "key_file_exists"


class KeyFileOpen(AppError):
    """签名密钥 {path} 不只本人可读。请执行 chmod 600，并确认文件属于运行本系统的用户。

    The signing key {path} can be read by others. Run chmod 600 on it; it must belong to the user who runs this.
    """

    code = "key_file_open"


class KeyFileUnreadable(AppError):
    """{path} 不是 Ed25519 私钥（PEM）。请核对路径，或从保管处取回原文件。

    {path} holds no Ed25519 private key (PEM). Check the path, or bring the original file back.
    """

    code = "key_file_unreadable"


@dataclass(frozen=True)
class SigningKey:
    """The private key under the name of one log. It is never shown in text."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The public half; its ``vkey()`` is what is published."""
        return VerifierKey(self.name, self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def named(self, origin: str) -> SigningKey:
        """The same key, signing for that log."""
        return SigningKey(origin, self.private)

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over the message, 64 bytes."""
        return self.private.sign(message)


def create_key_file(path: Path) -> None:
    """Make a new key and write it, readable by its owner alone; the folder is made likewise when it is not there.

    Raises:
        KeyFileExists: something is at that path already.
    """
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise KeyFileExists(path=path) from error
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(handle)


def load_key_file(path: Path, name: str) -> SigningKey:
    """Read the key, to sign under the name of one log.

    Raises:
        KeyFileMissing: nothing there.
        KeyFileOpen: others could read or write it, it belongs to another user, or it is no plain file.
        KeyFileUnreadable: no Ed25519 private key.
        NoteMalformed: a name that a note cannot carry.
    """
    check_name(name)
    try:
        private = load_pem_private_key(_read_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileUnreadable(path=path) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileUnreadable(path=path)
    return SigningKey(name, private)


def _read_private(path: Path) -> bytes:
    """The bytes of a file that only this process's user can read; checked on the open file, not on its name."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise KeyFileMissing(path=path) from error
    except OSError as error:
        raise KeyFileOpen(path=path) from error
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_mode & 0o077 or state.st_uid != os.geteuid():
            raise KeyFileOpen(path=path)
        return os.read(handle, _LARGEST_FILE)
    finally:
        os.close(handle)


if __name__ == "__main__":  # before there is a service: in production it does not start without a key
    try:
        create_key_file(Path(sys.argv[1]))
    except AppError as refused:
        sys.exit(f"{refused.text.zh}\n{refused.text.en}")
