#!/usr/bin/env python3
# ruff: noqa: B905, PLC0415 -- it runs on Python 3.9, and `cryptography` may be missing

"""核对审查资料包：在任何一台有 Python 3.9 以上的电脑上运行，不需要安装本系统，也不需要联网。

    python verify.py pack/ [--key 公钥] [--head 检查点文件或文字]

Checks a review pack on any machine with Python 3.9 or later; neither the product nor a network is needed.

What it checks: every file of the pack is the one that was signed, none is missing and none was added; the records of
the trail are numbered without a gap, none was changed, moved, removed or inserted, and their Merkle root and chain value
are those of every signed checkpoint; following the records, each case went only along arrows of its own workflow and
ended as the pack says; opened values are those that were sealed; evidence files are those that were named; sums add up.
With ``--key`` (the public key as published elsewhere) nobody but its holder can have made the pack. With ``--head`` (an
older or newer checkpoint from paper, from the public page, from the upper union, or an older pack) it says whether the
trail was rewritten since, and where.

What it does not prove: that what was typed was true. 它不能证明当初所填内容属实。

Exit code 0: all holds. 1: problems, each named. 2: the command line was wrong.
The format is described in docs/reference/pack.md. Standard library alone; ``cryptography`` is used when it is there.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

FORMAT = "gongkai/pack/1"
PER_SECTION = 20  # problems told in full per section; the rest is counted
MAX_LINE = 1 << 20  # bytes of one record
MAX_WHOLE = 1 << 24  # bytes of a file that is read whole
MAX_CHECKPOINTS = 20_000
# What desktops leave behind when somebody only opens the folder.
DROPPINGS = {".DS_Store", "Thumbs.db", "desktop.ini"}

# What Python raises on JSON of another shape than expected.
MALFORMED = (TypeError, KeyError, AttributeError, ValueError, RecursionError)

Hash = Callable[[bytes], bytes]
Object = dict[str, Any]


# ---------------------------------------------------------------------------------------------------------------------
# Findings


class Finding(NamedTuple):
    """One thing found: in which part, and the sentence in both languages."""

    section: str
    zh: str
    en: str


class Report:
    """What was found. ``problems`` decide the exit code, ``notes`` do not."""

    def __init__(self) -> None:
        """Nothing found yet."""
        self.problems: list[Finding] = []
        self.notes: list[Finding] = []
        self.counts: dict[str, int] = {}
        self.summary: Finding | None = None

    def problem(self, section: str, zh: str, en: str) -> None:
        """Something does not hold."""
        self.counts[section] = self.counts.get(section, 0) + 1
        if self.counts[section] <= PER_SECTION:
            self.problems.append(Finding(section, zh, en))

    def note(self, section: str, zh: str, en: str) -> None:
        """Something to know, which proves nothing wrong."""
        if sum(note.section == section for note in self.notes) < PER_SECTION:
            self.notes.append(Finding(section, zh, en))

    def full(self, section: str) -> bool:
        """Whether a part has so many problems that reading on is no use; this bounds the work on garbage."""
        return self.counts.get(section, 0) >= PER_SECTION


class Refused(Exception):
    """Bytes that are not of the form they should have; the reason in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        """Keep both sentences."""
        super().__init__(en)
        self.zh = zh
        self.en = en


def shown(value: object) -> str:
    """Text from the pack, safe to print: short, and no control characters."""
    text = value if isinstance(value, str) else "…" if isinstance(value, (list, dict)) else str(value)
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:80])


# ---------------------------------------------------------------------------------------------------------------------
# Canonical JSON, hashes


def _no_float(token: str) -> NoReturn:
    raise ValueError(token[:40])


def _short_int(token: str) -> int:
    if len(token) > 17 or abs(int(token)) > 2**53 - 1:
        raise ValueError(token[:40])
    return int(token)


_DECODER = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)
_CAREFUL_DECODER = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, parse_int=_short_int)
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
_DIGITS = bytes(0 if chr(byte) in "0123456789" else 1 for byte in range(256))
_MANY_DIGITS = bytes(16)


def parse_canonical(body: bytes) -> Any:
    """The value of bytes in the one canonical form (UTF-8, sorted keys, no spaces, no floats, NFC), or Refused."""
    try:
        text = body.decode("utf-8")
        # The careful decoder is slow, and only a long run of digits can hold a number that is too large.
        decoder = _CAREFUL_DECODER if _MANY_DIGITS in body.translate(_DIGITS) else _DECODER
        value, end = decoder.raw_decode(text)
        if end == len(text) and _ENCODE(value) == text and unicodedata.is_normalized("NFC", text):
            return value
    except (ValueError, RecursionError, MemoryError):
        pass
    raise Refused("不是规范形式的 JSON", "not JSON in canonical form")


def canonical(value: object) -> bytes:
    """The canonical bytes of a value that came out of ``parse_canonical``."""
    return _ENCODE(value).encode("utf-8")


def sha256(message: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(message).digest()


def hasher(algorithm: object) -> Hash:
    """The hash function that the log uses, or Refused."""
    if algorithm == "sha256":
        return sha256
    if algorithm == "sm3":
        try:
            hashlib.new("sm3")
        except ValueError:
            return sm3
        return lambda message: hashlib.new("sm3", message).digest()
    raise Refused("不认识的散列算法", "unknown hash algorithm")


def _turn(x: int, n: int) -> int:
    n %= 32
    return (x << n | x >> (32 - n)) & 0xFFFFFFFF


def sm3(message: bytes) -> bytes:
    """SM3 (GB/T 32905-2016) in plain Python, for machines whose OpenSSL lacks it."""
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    padded = message + b"\x80" + b"\x00" * ((55 - len(message)) % 64) + (8 * len(message)).to_bytes(8, "big")
    for start in range(0, len(padded), 64):
        w = [int.from_bytes(padded[start + i : start + i + 4], "big") for i in range(0, 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ _turn(w[j - 3], 15)
            w.append(x ^ _turn(x, 15) ^ _turn(x, 23) ^ _turn(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            early = j < 16
            ss1 = _turn(_turn(a, 12) + e + _turn(0x79CC4519 if early else 0x7A879D8A, j) & 0xFFFFFFFF, 7)
            ff = a ^ b ^ c if early else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if early else (e & f) | (~e & g)
            tt1 = ff + d + (ss1 ^ _turn(a, 12)) + (w[j] ^ w[j + 4]) & 0xFFFFFFFF
            tt2 = gg + h + ss1 + w[j] & 0xFFFFFFFF
            a, b, c, d, e, f, g, h = tt1, a, _turn(b, 9), c, tt2 ^ _turn(tt2, 9) ^ _turn(tt2, 17), e, _turn(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]
    return b"".join(x.to_bytes(4, "big") for x in v)


class Tree:
    """The row of perfect subtrees of an RFC 9162 Merkle tree: enough to append leaves and to name the root."""

    def __init__(self, hash_: Hash) -> None:
        """An empty tree."""
        self.hash = hash_
        self.size = 0
        self.nodes: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        size, nodes = self.size, self.nodes
        self.size = size + 1
        while size & 1:
            leaf = self.hash(b"\x01" + nodes.pop() + leaf)
            size >>= 1
        nodes.append(leaf)

    def root(self) -> bytes:
        """The root so far."""
        if not self.nodes:
            return self.hash(b"")
        root = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            root = self.hash(b"\x01" + left + root)
        return root


def chain_start(origin: str, hash_: Hash) -> bytes:
    """The chain value before record 1."""
    return hash_(b"\x02gongkai/chain/v1\n" + origin.encode("utf-8"))


# ---------------------------------------------------------------------------------------------------------------------
# Ed25519 (RFC 8032), verification only

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int, int, int]


def _point(data: bytes) -> Point | None:
    """Decode a point; None when it is not one, or not written the one way."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _ROOT % _P
    if v * x * x % _P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))
_ZERO: Point = (0, 1, 1, 0)


def ed25519_plain(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is right, in plain Python: [S]B = R + [k]A, checked as [S]B + [k](-A) = R."""
    key = _point(public) if len(public) == 32 and len(signature) == 64 else None
    s = int.from_bytes(signature[32:], "little")
    if key is None or s >= _L or _BASE is None:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    minus = (_P - key[0], key[1], 1, _P - key[3])
    table = (None, _BASE, minus, _add(_BASE, minus))
    sum_ = _ZERO
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        sum_ = _add(sum_, sum_)
        step = table[(s >> bit & 1) | (k >> bit & 1) << 1]
        if step is not None:
            sum_ = _add(sum_, step)
    inverse = pow(sum_[2], _P - 2, _P)
    x, y = sum_[0] * inverse % _P, sum_[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature over the message is right."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return ed25519_plain(public, signature, message)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# ---------------------------------------------------------------------------------------------------------------------
# Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint)


class Key(NamedTuple):
    """A public key under a name, the tree sizes it may sign for, and whether the user named it himself."""

    name: str
    key_id: bytes
    public: bytes
    first: int
    last: int | None


class Head(NamedTuple):
    """A claim about the first ``size`` records. ``root`` may be the beginning of the root, as typed from paper."""

    size: int
    root: str
    chain: str | None
    time: str | None


class Note(NamedTuple):
    """A signed note taken apart."""

    text: str
    signatures: list[tuple[str, bytes]]


def from_base64(text: str) -> bytes:
    """The bytes of base64 written the one way, or Refused."""
    try:
        value = base64.b64decode(text, validate=True)
        if base64.b64encode(value).decode("ascii") == text:
            return value
    except ValueError:
        pass
    raise Refused("base64 有误", "bad base64")


def parse_key(line: str) -> Key:
    """A key from ``name+id+base64``, with its range of sizes (``first last``) when there is one; or Refused."""
    words = line.split()
    match = re.fullmatch(r"([^+\s]{1,200})\+([0-9a-f]{8})\+(\S{1,100})", words[0]) if words else None
    span = re.fullmatch(r"([0-9]{1,16}) ([0-9]{1,16}|-)", " ".join(words[1:]) or "0 -")
    if match is None or span is None:
        raise Refused("公钥格式有误", "not a key")
    blob = from_base64(match[3])
    key_id = sha256(match[1].encode("utf-8") + b"\n" + blob)[:4]
    if blob[:1] != b"\x01" or len(blob) != 33 or key_id.hex() != match[2]:
        raise Refused("公钥与其编号不符", "key and key id do not belong together")
    return Key(match[1], key_id, blob[1:], int(span[1]), None if span[2] == "-" else int(span[2]))


def parse_note(text: str, signatures: str) -> Note:
    """A note from the two sides of its blank line, or Refused."""
    lines = []
    for line in signatures.split("\n")[:100]:
        match = re.fullmatch("\N{EM DASH} ([^+\\s]{1,200}) (\\S{1,8000})", line)
        if match is None:
            raise Refused("签名行格式有误", "bad signature line")
        lines.append((match[1], from_base64(match[2])))
    return Note(text, lines)


def notes_in(content: bytes) -> Iterator[Note]:
    """The notes of a file in which each is followed by an empty line and the next; or Refused."""
    try:
        text = content.decode("utf-8")
    except ValueError:
        raise Refused("不是 UTF-8 文字", "not UTF-8 text") from None
    if not text:
        return
    parts = text[:-1].split("\n\n")
    if not text.endswith("\n") or len(parts) % 2:
        raise Refused("检查点文件不完整", "the file of checkpoints is not whole")
    for at in range(0, len(parts), 2):
        yield parse_note(parts[at] + "\n", parts[at + 1])


def parse_checkpoint(note: Note, origin: str, algorithm: str | None) -> Head:
    """The head that a checkpoint names, or Refused."""
    lines = note.text[:-1].split("\n")
    if len(lines) < 3 or not all(lines) or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise Refused("检查点格式有误", "not a checkpoint")
    if lines[0] != origin:
        raise Refused("检查点属于另一条记录链 " + shown(lines[0]), "checkpoint of another log, " + shown(lines[0]))
    root = from_base64(lines[2])
    more = [line.partition(" ")[::2] for line in lines[3:]]
    extra = dict(more)
    chain, time = extra.get("chain"), extra.get("time")
    if len(root) != 32 or len(extra) != len(more) or not re.fullmatch("[0-9a-f]{64}", chain or ""):
        raise Refused("检查点格式有误", "not a checkpoint")
    if not _STAMP.fullmatch(time or "") or (algorithm is not None and extra.get("alg") != algorithm):
        raise Refused("检查点的时间或算法有误", "bad time or algorithm in the checkpoint")
    return Head(int(lines[1]), root.hex(), chain, time)


def signers(note: Note, keys: list[Key], size: int | None) -> list[Key]:
    """The keys of the list that signed the note; Refused when one of them did not sign this text."""
    found = []
    for name, blob in note.signatures:
        for key in keys:
            if (key.name, key.key_id) != (name, blob[:4]):
                continue
            if size is not None and (size < key.first or (key.last is not None and size > key.last)):
                continue
            if not ed25519(key.public, blob[4:], note.text.encode("utf-8")):
                raise Refused(shown(name) + " 的签名不对", "the signature of " + shown(name) + " is wrong")
            found.append(key)
    if not found:
        raise Refused("没有可信公钥的签名", "not signed by a trusted key")
    return found


_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_LINK = re.compile(rb"[0-9a-f]{64}")


# ---------------------------------------------------------------------------------------------------------------------
# Files


def regular(path: Path) -> bool:
    """Whether this is a plain file (no link, no device)."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def read_whole(path: Path) -> bytes:
    """The content of a file of bounded size, or Refused."""
    try:
        if regular(path) and path.stat().st_size <= MAX_WHOLE:
            return path.read_bytes()
    except OSError:
        pass
    raise Refused("缺失、无法读取或过大", "missing, unreadable or too large")


def lines_of(path: Path, report: Report, section: str) -> Iterator[bytes]:
    """The lines of a file, each without its newline; at most ``MAX_LINE`` bytes are held at a time."""
    if not regular(path):
        report.problem(section, path.name + " 缺失", path.name + " is missing")
        return
    try:
        with path.open("rb") as file:
            while True:
                line = file.readline(MAX_LINE + 1)
                if not line:
                    return
                if line[-1] != 10:
                    report.problem(
                        section, path.name + " 有一行过长或不完整", path.name + ": a line is too long or cut"
                    )
                    return
                yield line[:-1]
    except OSError:
        report.problem(section, path.name + " 无法读取", path.name + " cannot be read")


def file_sha256(path: Path) -> str | None:
    """The SHA-256 of a file in hex; None when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for part in iter(lambda: file.read(1 << 20), b""):
                digest.update(part)
    except OSError:
        return None
    return digest.hexdigest()


class Manifest(NamedTuple):
    """What the pack says of itself."""

    origin: str
    algorithm: str
    hash: Hash
    scope: Object
    head: Head
    files: dict[str, tuple[int, str]]


class Pack(NamedTuple):
    """A pack being checked: where it lies, what it says of itself, its keys, and the keys the user named."""

    root: Path
    manifest: Manifest
    keys: list[Key]
    pinned: list[Key]


def read_manifest(content: bytes) -> Manifest:
    """The manifest, or Refused."""
    value = parse_canonical(content)
    try:
        if value["format"] != FORMAT:
            raise Refused("资料包版本不认识", "unknown version of the pack's format")
        head, origin, scope = value["head"], value["origin"], value["scope"]
        files = {}
        for each in value["files"]:
            if not isinstance(each["size"], int) or not _HEX64.fullmatch(each["sha256"]):
                raise TypeError
            if each["path"] in files or not is_inside(each["path"]):
                raise Refused(
                    "清单中的路径有误：" + shown(each["path"]), "bad path in the manifest: " + shown(each["path"])
                )
            files[each["path"]] = (each["size"], each["sha256"])
        if (
            not isinstance(head["size"], int)
            or not _HEX64.fullmatch(head["root"])
            or not _HEX64.fullmatch(head["chain"])
        ):
            raise TypeError
        if not isinstance(origin, str) or not isinstance(scope, dict):
            raise TypeError
        last = Head(head["size"], head["root"], head["chain"], None)
        return Manifest(origin, value["alg"], hasher(value["alg"]), scope, last, files)
    except MALFORMED:
        raise Refused("清单格式有误", "the manifest is not of the right form") from None


def is_inside(path: object) -> bool:
    """Whether a path of the manifest stays in the pack and means the same on every system."""
    return (
        isinstance(path, str)
        and re.fullmatch(r"[\w.@()-]+(/[\w.@()-]+){0,3}", path) is not None
        and not any(part.strip(".") == "" for part in path.split("/"))
        and path not in ("manifest.json", "manifest.sig")
    )


def check_files(root: Path, manifest: Manifest, report: Report) -> None:
    """Every file of the manifest is there and unchanged, and there is no other."""
    there: set[str] = set()
    for folder, folders, names in os.walk(root):
        inside = Path(folder)
        for name in names + [each for each in folders if (inside / each).is_symlink()]:
            there.add((inside / name).relative_to(root).as_posix())
    for path in sorted(there - set(manifest.files) - {"manifest.json", "manifest.sig"}):
        name = path.rsplit("/", 1)[-1]
        if name in DROPPINGS or name.startswith("._"):
            report.note("files", f"已忽略系统文件 {shown(path)}", f"ignored what the desktop left: {shown(path)}")
        else:
            report.problem("files", f"多出文件 {shown(path)}，清单中没有", f"file {shown(path)} is not in the manifest")
    for path, (size, digest) in manifest.files.items():
        if path not in there or not regular(root / path):
            report.problem("files", f"缺少文件 {path}", f"file {path} is missing")
        elif (root / path).stat().st_size != size or file_sha256(root / path) != digest:
            report.problem("files", f"文件 {path} 被改动过", f"file {path} was changed")


# ---------------------------------------------------------------------------------------------------------------------
# Following the records


class Rules:
    """What the arrows of one workflow definition allow."""

    def __init__(self, definition: Object) -> None:
        """Read states, phases and arrows; raises TypeError, KeyError or AttributeError on another form."""
        self.phases: dict[str, Any] = {name: state.get("phase") for name, state in definition["states"].items()}
        self.initial = definition.get("initial")
        self.arrows: dict[str, tuple[set[str], set[str]]] = {}
        self.new_rounds: set[str] = set()
        self.undoable: set[str] = set()
        self.resumes: set[str] = set()
        for name, action in definition["actions"].items():
            sources = action["from"]
            to = action.get("to") or ()
            # "earlier": whichever step before this one the person named.
            states = self.phases if to == "earlier" else to
            targets = {target["state"] if isinstance(target, dict) else target for target in states}
            self.arrows[name] = ({sources} if isinstance(sources, str) else set(sources), targets)
            if action.get("new_round") or action.get("amends"):
                self.new_rounds.add(name)
            if action.get("take_back"):
                self.undoable.add(name)
            if action.get("resume"):
                self.resumes.update(self.arrows[name][0])


class Case:
    """Where one case stands after the records read so far."""

    __slots__ = (
        "data",
        "data_hash",
        "definition",
        "files",
        "is_counted",
        "is_weighed",
        "number",
        "promise",
        "round",
        "state",
        "version",
        "weights",
        "workflow",
    )

    def __init__(self, about: Object) -> None:
        """As its first record describes it."""
        self.number = about.get("number")
        self.workflow = about.get("workflow")
        self.definition = about.get("definition")
        self.round = about.get("round") or 0
        self.version = about.get("version") or 0
        self.state: Any = None
        self.data_hash: Any = None
        self.data: Any = None
        self.files: set[str] = set()
        self.weights: dict[Any, int] = {}
        self.is_counted, self.is_weighed = True, False
        self.promise: Any = None


class Fold:
    """Follows every case through the trail."""

    def __init__(self, manifest: Manifest, rules: dict[str, Rules], sealed: dict[int, Object], report: Report) -> None:
        """``sealed`` maps a record's number to the commitments that opened values must have: ``{path: hex}``."""
        self.origin = manifest.origin
        self.hash = manifest.hash
        self.rules = rules
        self.sealed = sealed
        self.report = report
        self.cases: dict[str, Case] = {}
        self.files: set[str] = set()
        self.at = ""
        self.seq = 0

    def take(self, entry: Object) -> None:
        """One more record; garbage raises TypeError, AttributeError, KeyError or ValueError."""
        seq, self.seq = entry["seq"], self.seq + 1
        if not isinstance(seq, int):
            raise TypeError
        if seq != self.seq:
            self.report.problem(
                "trail",
                f"应为第 {self.seq} 号记录，实为第 {shown(seq)} 号：编号不连续，有记录被删除、插入或调换",
                f"expected record {self.seq}, found {shown(seq)}: not gap-free, a record was removed, inserted or moved",
            )
            # Go on from the number found, so that one gap is told once.
            self.seq = seq
        if entry["log"] != self.origin or entry["v"] != 1 or not isinstance(entry["event"], str):
            self._wrong(seq, None, "不属于这条记录链，或版本不认识", "is of another log or of an unknown version")
        at = entry["at"]
        if not _STAMP.fullmatch(at):
            self._wrong(seq, None, "时间格式有误", "has a malformed time")
        if at < self.at:
            self.report.note(
                "trail", f"第 {seq} 号记录的时间早于前一条", f"record {seq} is dated before the one before it"
            )
        self.at = at
        names = entry.get("files")
        if names:
            self.files.update(names)
        if self.sealed and seq in self.sealed:
            self._open(seq, entry.get("sealed") or {})
        about = entry.get("case")
        if about is not None:
            self._step(seq, entry, about)

    def _wrong(self, seq: int, number: object, zh: str, en: str) -> None:
        """A record that contradicts the records before it, or the rules."""
        self.report.problem(
            "cases" if number is not None else "trail",
            f"第 {seq} 号记录" + (f"（{shown(number)}）" if number is not None else "") + f"：{zh}",
            f"record {seq}" + (f" (case {shown(number)})" if number is not None else "") + f" {en}",
        )

    def _open(self, seq: int, sealed: Object) -> None:
        """Compare the opened values of this record with what it sealed."""
        for path, expected in self.sealed.pop(seq).items():
            if sealed.get(path) != expected:
                self.report.problem(
                    "values",
                    f"第 {seq} 号记录：公开的 {shown(path)} 与当时封存的不符",
                    f"record {seq}: the opened value of {shown(path)} is not the one that was sealed",
                )

    def _step(self, seq: int, entry: Object, about: Object) -> None:
        """One step of a case."""
        case = self.cases.get(about["id"])
        first = case is None
        if case is None:
            case = self.cases[about["id"]] = Case(about)
        name = about.get("number") or case.number or about["id"]
        rules = self.rules.get(about["definition"])
        if rules is None:
            self._wrong(seq, name, "所用流程定义不在资料包中", "follows a workflow definition that is not in the pack")
        carried = entry["event"] == "case.migrated"
        if about["definition"] != case.definition and not carried:
            self._wrong(seq, name, "流程定义中途被换", "changes the workflow definition on the way")
        if carried:
            self._migrated(seq, name, case, entry, about, rules)
        self._carry(seq, name, case, about)
        # A draft enters the trail by a record of its own, or by the first step out of it.
        opened = first and entry.get("from") is None and entry.get("action") is None
        if first:
            case.state = entry.get("to") if opened or rules is None else rules.initial
            if rules is not None and (case.state != rules.initial or case.round > 1):
                self._wrong(
                    seq, name, "事项不是从流程的起点开始的", "does not begin its case where the workflow begins"
                )
        if not opened:
            self._move(seq, name, case, entry, rules)
        self._count(seq, name, case, entry)
        self._data(seq, name, case, entry)
        case.files.update(entry.get("files") or ())
        sheet = (entry.get("paper") or {}).get("sha256")
        if sheet:
            case.files.add(sheet)
            self.files.add(sheet)

    def _migrated(self, seq: int, name: object, case: Case, entry: Object, about: Object, rules: Rules | None) -> None:
        """A case is carried from the version it ran to the one that is named, and gets no further by it."""
        told = entry.get("migration") or {}
        if told.get("from") != case.definition or told.get("to") != about["definition"]:
            self._wrong(seq, name, "迁移记的流程版本对不上", "is carried from or to another version than the case has")
        before = self.rules.get(str(case.definition))
        phases = (before and before.phases.get(str(case.state)), rules and rules.phases.get(str(entry.get("to"))))
        if entry.get("action") is not None or (all(phases) and phases[0] != phases[1]):
            self._wrong(seq, name, "迁移时换了阶段", "gets into another phase by being carried")

    def _count(self, seq: int, name: object, case: Case, entry: Object) -> None:
        """Nobody is counted twice, and what closes has enough: votes, or weight, of the party that is asked."""
        votes, need = entry.get("votes") or (), entry.get("need") or 0
        added = set(entry.get("added") or ())
        person = (entry.get("actor") or {}).get("person")
        voter = entry.get("seat") or person
        key = (entry.get("action"), entry.get("party"))
        if votes and voter not in added:
            case.weights[key] = case.weights.get(key, 0) + (entry.get("weight") or 1)
        case.is_weighed = bool(case.is_weighed or entry.get("weight") or entry.get("party"))
        is_short = len(set(votes) - added) < need
        if case.is_weighed:
            # Taking a vote back, or carrying a case to another version, is counted by the product's own check alone.
            is_short = case.is_counted and voter not in added and case.weights.get(key, 0) < need
        if len(set(votes)) != len(votes) or (entry.get("closes") and (is_short or not added <= set(votes))):
            self._wrong(
                seq, name, "同意人数不足，或同一人计了两次", "closes with too few votes, or counts one person twice"
            )
        if entry.get("closes"):
            case.weights = {}
            case.is_counted, case.is_weighed = True, False
        elif entry.get("action") == "take_back" or entry["event"] == "case.migrated":
            case.is_counted = False

    def _carry(self, seq: int, name: object, case: Case, about: Object) -> None:
        """What identifies a case stays; a round ends only by a step that opens the next; versions only grow."""
        number, round_, version = about.get("number"), about.get("round") or 0, about.get("version") or 0
        if (case.number is not None and number != case.number) or about.get("workflow") != case.workflow:
            self._wrong(seq, name, "事项编号或流程前后不一", "gives its case another number or workflow")
        if round_ != case.round or version < case.version:
            self._wrong(seq, name, "轮次不对，或版本倒退", "is of another round, or goes back in version")
        case.number, case.definition, case.version = number, about["definition"], version

    def _move(self, seq: int, name: object, case: Case, entry: Object, rules: Rules | None) -> None:
        """The step starts where the case stood, and goes along an arrow."""
        source, target, action = entry.get("from"), entry.get("to"), entry.get("action")
        state = case.state
        if source != state and (source is not None or action is not None):
            self._wrong(
                seq,
                name,
                f"从“{shown(source)}”办起，而当时是“{shown(state)}”",
                f"starts from {shown(source)}, but the case was {shown(state)}",
            )
        if target is None:
            target = state
        if rules is not None and not self._allowed(entry, rules, case, target):
            self._wrong(
                seq,
                name,
                f"流程中没有“{shown(action)}：{shown(state)} → {shown(target)}”这一步",
                f"takes a step that its workflow does not have: {shown(action)}, {shown(state)} to {shown(target)}",
            )
        case.state = target
        if rules is not None and action in rules.new_rounds and entry.get("closes"):
            case.round += 1
            case.promise = source if (entry.get("routing") or {}).get("resume") else None

    def _allowed(self, entry: Object, rules: Rules, case: Case, target: str) -> bool:
        """Whether the workflow has this arrow."""
        state = case.state
        if target not in rules.phases:
            return False
        if entry["event"] == "case.migrated":
            return True
        action: Any = entry.get("action")
        if action is None:
            return bool(target == state)
        routing = entry.get("routing") or {}
        if action == "take_back":
            return self._undoes(routing, rules, state, target)
        sources, targets = rules.arrows.get(action, ((), ()))
        if state not in sources:
            return False
        if entry.get("closes") and target in rules.resumes and routing.get("resume_to") == target:
            return bool(case.promise == target)
        if entry.get("closes") and targets:
            return target in targets
        return bool(target == state)

    def _undoes(self, routing: Object, rules: Rules, state: str, target: str) -> bool:
        """Whether the step goes back along an arrow that may be taken back."""
        undone: Any = routing.get("taken_back")
        sources, targets = rules.arrows.get(undone, (set(), set()))
        return undone in rules.undoable and target in sources and (state == target or state in targets)

    def _data(self, seq: int, name: object, case: Case, entry: Object) -> None:
        """What was signed is what the record carries, or what the case carried before."""
        signed, data = entry.get("data_hash"), entry.get("data")
        if data is not None:
            case.data = data
            sealed = {path: seal for path, seal in (entry.get("sealed") or {}).items() if path[:1] != "@"}
            made = self.hash(b"\x04" + canonical({"clear": data, "sealed": sealed})).hex()
            if signed != made:
                self._wrong(seq, name, "内容与所签散列值不符", "carries data that is not what was signed")
        elif signed is not None and signed != case.data_hash:
            self._wrong(seq, name, "所签内容不是该事项当时的内容", "signs data that the case did not have then")
        if signed is not None:
            case.data_hash = signed


class Walk(NamedTuple):
    """What one pass over the trail found."""

    size: int
    chain: bytes
    root: bytes
    heads: dict[int, tuple[str, str]]
    whole: bool


def walk_trail(pack: Pack, wanted: set[int], fold: Fold, report: Report) -> Walk:
    """Read every record once: its form, its link, the tree; ``wanted`` are the sizes at which heads are compared."""
    hash_ = pack.manifest.hash
    tree = Tree(hash_)
    append = tree.append
    chain = linked = chain_start(pack.manifest.origin, hash_)
    seq = 0
    heads = {0: (tree.root().hex(), chain.hex())}
    links = lines_of(pack.root / "trail" / "links.txt", report, "trail")
    for body in lines_of(pack.root / "trail" / "entries.ndjson", report, "trail"):
        seq += 1
        leaf = hash_(b"\x00" + body)
        chain = hash_(b"\x02" + chain + leaf)
        append(leaf)
        link = next(links, b"")
        if link == chain.hex().encode("ascii"):
            linked = chain
        else:
            # Go on from the link as given, so that each changed record is named and not everything after the first.
            formed = _LINK.fullmatch(link) is not None
            given = bytes.fromhex(link.decode("ascii")) if formed else chain
            if not formed or given != hash_(b"\x02" + linked + leaf):
                report.problem(
                    "trail",
                    f"第 {seq} 号记录：内容与链值不符，此处有记录被改动、删除、插入或调换",
                    f"record {seq} does not fit its link: here a record was changed, removed, inserted or moved",
                )
            linked = given
        if seq in wanted:
            heads[seq] = (tree.root().hex(), chain.hex())
        try:
            fold.take(parse_canonical(body))
        except Refused as refusal:
            report.problem("trail", f"第 {seq} 号记录：{refusal.zh}", f"record {seq}: {refusal.en}")
        except MALFORMED:
            report.problem("trail", f"第 {seq} 号记录：格式有误", f"record {seq} is not of the right form")
        if report.full("trail"):
            report.note("trail", f"第 {seq} 号以后的记录未再核对", f"the records after {seq} were not checked")
            return Walk(seq, chain, tree.root(), heads, False)
    if next(links, None) is not None:
        report.problem(
            "trail", f"链值多于记录：第 {seq + 1} 号起的记录缺失", f"more links than records: {seq + 1} on are missing"
        )
    return Walk(seq, chain, tree.root(), heads, True)


# ---------------------------------------------------------------------------------------------------------------------
# The parts of a pack


def read_keys(root: Path, report: Report) -> list[Key]:
    """The keys that the pack lists."""
    try:
        lines = read_whole(root / "trail" / "keys.txt").decode("utf-8", "replace").splitlines()
        return [parse_key(line) for line in lines[:1000]]
    except Refused as refusal:
        report.problem("signature", f"keys.txt：{refusal.zh}", f"keys.txt: {refusal.en}")
        return []


def read_rules(pack: Pack, report: Report) -> dict[str, Rules]:
    """The workflow definitions, by hash."""
    found = {}
    for path in pack.manifest.files:
        if not path.startswith("definitions/"):
            continue
        try:
            content = read_whole(pack.root / path)
            digest = hashlib.sha256(content).hexdigest()
            if path != f"definitions/{digest}.json":
                raise Refused("内容与文件名的散列值不符", "the content is not what its name says")
            found[digest] = Rules(parse_canonical(content))
        except Refused as refusal:
            report.problem("definitions", f"{path}：{refusal.zh}", f"{path}: {refusal.en}")
        except MALFORMED:
            report.problem("definitions", f"{path}：格式有误", f"{path} is not of the right form")
    return found


def read_values(pack: Pack, report: Report) -> dict[int, Object]:
    """For each record with opened values: the commitment that each of them must have."""
    expected: dict[int, Object] = {}
    for at, line in enumerate(lines_of(pack.root / "trail" / "values.ndjson", report, "values"), 1):
        try:
            value = parse_canonical(line)
            salt = bytes.fromhex(value["salt"])
            if len(salt) < 16 or not isinstance(value["path"], str) or not isinstance(value["seq"], int):
                raise TypeError
            seal = pack.manifest.hash(b"\x03" + salt + canonical(value["value"])).hex()
            expected.setdefault(value["seq"], {})[value["path"]] = seal
        except (Refused, *MALFORMED):
            report.problem(
                "values", f"values.ndjson 第 {at} 行格式有误", f"values.ndjson, line {at}: not of the right form"
            )
            if report.full("values"):
                break
    return expected


def check_signature(pack: Pack, content: bytes, report: Report) -> None:
    """The manifest is signed, by the pinned key when there is one."""
    try:
        notes = list(notes_in(read_whole(pack.root / "manifest.sig")))
        expected = f"{FORMAT}\n{pack.manifest.origin}\nsha256 {hashlib.sha256(content).hexdigest()}\n"
        if len(notes) != 1 or notes[0].text != expected:
            raise Refused(
                "签名不是对这份清单的，清单被改动过", "it does not sign this manifest: the manifest was changed"
            )
        signers(notes[0], pack.pinned or pack.keys, None)
    except Refused as refusal:
        report.problem("signature", f"manifest.sig：{refusal.zh}", f"manifest.sig: {refusal.en}")


def read_checkpoints(pack: Pack, report: Report) -> list[Head]:
    """The pack's checkpoints whose signatures are right, in order."""
    heads: list[Head] = []
    pins = {(pin.name, pin.public) for pin in pack.pinned}
    listed = {(key.name, key.public) for key in pack.keys}
    trusted = pack.keys + [pin for pin in pack.pinned if (pin.name, pin.public) not in listed]
    by_pinned = False
    try:
        for at, note in enumerate(notes_in(read_whole(pack.root / "trail" / "checkpoints.txt")), 1):
            if report.full("checkpoints") or at > MAX_CHECKPOINTS:
                raise Refused("过多，后面的未再核对", "too many, the rest was not checked")
            try:
                head = parse_checkpoint(note, pack.manifest.origin, pack.manifest.algorithm)
                made_by = signers(note, trusted, head.size)
                by_pinned = any((key.name, key.public) in pins for key in made_by)
                if heads and (head.size < heads[-1].size or (head.time or "") < (heads[-1].time or "")):
                    raise Refused("次序倒退", "goes backwards")
                heads.append(head)
            except Refused as refusal:
                report.problem("checkpoints", f"第 {at} 个检查点：{refusal.zh}", f"checkpoint {at}: {refusal.en}")
    except Refused as refusal:
        report.problem("checkpoints", f"checkpoints.txt：{refusal.zh}", f"checkpoints.txt: {refusal.en}")
    if pins and not by_pinned:
        report.problem(
            "checkpoints", "最后一个检查点不是所给公钥签的", "the last checkpoint is not signed by the key you gave"
        )
    return heads


def check_checkpoints(heads: list[Head], walk: Walk, report: Report) -> None:
    """Every checkpoint is what the records come to at its size."""
    good = 0
    for head in heads:
        if head.size > walk.size:
            report.problem(
                "checkpoints",
                f"检查点有 {head.size} 条记录，资料包只有 {walk.size} 条：末尾 {head.size - walk.size} 条被删除",
                f"a checkpoint has {head.size} records and the pack {walk.size}: the last {head.size - walk.size} were removed",
            )
        elif walk.heads.get(head.size) != (head.root, head.chain):
            report.problem(
                "checkpoints",
                f"记录与检查点不符：第 {good + 1} 至 {head.size} 号之间有改动",
                f"the records do not come to the checkpoint at {head.size}: changed among {good + 1} to {head.size}",
            )
        else:
            good = head.size
    if heads and walk.size > heads[-1].size:
        report.note(
            "checkpoints",
            f"第 {heads[-1].size + 1} 号起的记录尚无检查点，仅由清单签名担保",
            f"records after {heads[-1].size} have no checkpoint yet; only the manifest's signature covers them",
        )


def check_cases(pack: Pack, fold: Fold, report: Report) -> list[Object]:
    """Every case of the pack stands where its records leave it."""
    cases: list[Object] = []
    seen: set[str] = set()
    evidence = {digest for path, (_, digest) in pack.manifest.files.items() if path.startswith("files/")}
    for at, line in enumerate(lines_of(pack.root / "cases.ndjson", report, "cases"), 1):
        try:
            said = parse_canonical(line)
            if said["id"] in seen:
                raise Refused("重复", "twice")
            seen.add(said["id"])
            check_case(said, fold, evidence, report)
            cases.append(said)
        except Refused as refusal:
            report.problem("cases", f"cases.ndjson 第 {at} 行：{refusal.zh}", f"cases.ndjson, line {at}: {refusal.en}")
        except MALFORMED:
            report.problem(
                "cases", f"cases.ndjson 第 {at} 行：格式有误", f"cases.ndjson, line {at}: not of the right form"
            )
        if report.full("cases"):
            return cases
    if pack.manifest.scope.get("cases") == "all":
        for name, case in fold.cases.items():
            if case.number is not None and name not in seen:
                report.problem("cases", f"缺少事项 {shown(case.number)}", f"case {shown(case.number)} is left out")
    return cases


def check_case(said: Object, fold: Fold, evidence: set[str], report: Report) -> None:
    """One case: state, phase, data, amount and files as the records have them."""
    case = fold.cases.get(said["id"])
    if case is None:
        raise Refused("留痕中没有这一事项", "the trail has no such case")
    name = shown(case.number or said["id"])
    rules = fold.rules.get(str(case.definition))
    found = {
        "number": case.number,
        "workflow": case.workflow,
        "definition": case.definition,
        "state": case.state,
        "phase": rules.phases.get(str(case.state)) if rules is not None else None,
        "round": case.round,
        "version": case.version,
        "data_hash": case.data_hash,
    }
    for field, value in found.items():
        if (field in said or field == "state") and said.get(field) != value:
            report.problem(
                "cases",
                f"{name}：{field} 写作“{shown(said.get(field))}”，按留痕应为“{shown(value)}”",
                f"case {name}: {field} is given as {shown(said.get(field))}; by the trail it is {shown(value)}",
            )
    amount = amount_in(case.data, said.get("amount_path", "amount_fen"))
    if "amount_fen" in said and amount is not None and said["amount_fen"] != amount:
        report.problem(
            "cases",
            f"{name}：金额写作 {shown(said['amount_fen'])} 分，按留痕应为 {amount} 分",
            f"case {name}: the amount is given as {shown(said['amount_fen'])} fen; by the trail it is {amount} fen",
        )
    for digest in said.get("files") or ():
        if digest not in case.files:
            report.problem(
                "cases",
                f"{name}：留痕中没有其文件 {shown(digest)}",
                f"case {name}: no record names file {shown(digest)}",
            )
        elif digest not in evidence:
            report.problem(
                "cases", f"{name}：资料包缺少其文件 {digest}", f"case {name}: its file {digest} is not in the pack"
            )


def amount_in(data: Any, path: str) -> int | None:
    """The amount in fen at a path (``lines.*.amount_fen`` adds up a list); None when the data has none in clear."""
    places = [data]
    for step in path.split("."):
        if step == "*":
            places = [item for place in places if isinstance(place, list) for item in place]
        else:
            places = [place[step] for place in places if isinstance(place, dict) and step in place]
    amounts = [place for place in places if isinstance(place, int)]
    return sum(amounts) if amounts else None


def check_summary(pack: Pack, cases: list[Object], report: Report) -> None:
    """The counts and sums of ``summary.json`` are those of the cases."""
    try:
        said = parse_canonical(read_whole(pack.root / "summary.json"))
        for key, value in said.items():
            if key.startswith("by_"):
                groups = {str(case.get(key[3:])) for case in cases} | set(value)
                made: Any = {name: totals(case for case in cases if str(case.get(key[3:])) == name) for name in groups}
            else:
                made = totals(cases).get(key)
            if made != value:
                report.problem(
                    "summary",
                    f"汇总 {shown(key)} 与各事项合计不符",
                    f"the figure {shown(key)} is not what the cases add up to",
                )
    except Refused as refusal:
        report.problem("summary", f"summary.json：{refusal.zh}", f"summary.json: {refusal.en}")
    except MALFORMED:
        report.problem("summary", "summary.json：格式有误", "summary.json is not of the right form")


def totals(cases: Iterable[Object]) -> Object:
    """Number and sum of some cases."""
    amounts = [case.get("amount_fen") or 0 for case in cases]
    return {"count": len(amounts), "amount_fen": sum(amounts)}


def check_evidence(manifest: Manifest, fold: Fold, report: Report) -> None:
    """Every evidence file is one that the trail names; that its content is right, the manifest check has found."""
    for path, (_, digest) in manifest.files.items():
        if not path.startswith("files/"):
            continue
        if path.rsplit("/", 1)[-1].partition(".")[0] != digest:
            report.problem(
                "files", f"{path}：内容与文件名的散列值不符", f"{path}: the content is not what its name says"
            )
        elif digest not in fold.files:
            report.problem("files", f"{path}：留痕中没有这份文件", f"{path}: no record names this file")


# ---------------------------------------------------------------------------------------------------------------------
# Heads held elsewhere


class Witness(NamedTuple):
    """What the user holds from elsewhere: heads, or the records of an older pack."""

    heads: list[Head]
    entries: list[Path]


def read_witness(given: list[str], pack: Pack, report: Report) -> Witness:
    """Understand every ``--head``: checkpoint or ``size@root``, as text or in a file; an older pack, or its records."""
    heads: list[Head] = []
    entries: list[Path] = []
    for text in given:
        try:
            path = Path(text)
            if len(text) < 1024 and path.is_dir():
                entries.append(path / "trail" / "entries.ndjson")
            elif path.suffix == ".ndjson" and len(text) < 1024:
                entries.append(path)
            else:
                heads.extend(parse_heads(text_or_file(text), pack, report))
        except Refused as refusal:
            report.problem("head", f"所给检查点：{refusal.zh}", f"the head you gave: {refusal.en}")
        except (OSError, ValueError):
            report.problem("head", "所给检查点无法读取", "the head you gave cannot be read")
    return Witness(heads, entries)


def text_or_file(text: str) -> str:
    """What the user typed, or the content of the file he named; or Refused."""
    if len(text) < 1024 and regular(Path(text)):
        return read_whole(Path(text)).decode("utf-8", "replace")
    return text


def parse_heads(text: str, pack: Pack, report: Report) -> list[Head]:
    """Heads in text: lines ``size@root`` (16 hex digits of the root or more), or checkpoints; or Refused."""
    lines = [re.sub(r"[\s-]", "", line).lower() for line in text.split("\n") if line.strip()]
    short = [re.fullmatch(r"([0-9]{1,15})@([0-9a-f]{16,64})", line) for line in lines]
    if short and all(short):
        return [Head(int(match[1]), match[2], None, None) for match in short if match]
    heads = []
    for note in notes_in((text.replace("\r\n", "\n").strip("\n") + "\n").encode("utf-8", "replace")):
        heads.append(parse_checkpoint(note, pack.manifest.origin, None))
        try:
            signers(note, pack.pinned + pack.keys, heads[-1].size)
        except Refused as refusal:
            # It is compared all the same: whoever made the pack anew would also have left out the old key.
            report.problem("head", f"所给检查点：{refusal.zh}", f"the head you gave: {refusal.en}")
    return heads


def check_witness(pack: Pack, witness: Witness, walk: Walk, report: Report) -> None:
    """Compare the trail with heads and records held elsewhere."""
    good = 0
    for head in sorted(witness.heads, key=lambda each: each.size):
        root, chain = walk.heads.get(head.size, ("", ""))
        if head.size > walk.size:
            report.problem(
                "head",
                f"短于见证：所给检查点有 {head.size} 条记录，资料包只有 {walk.size} 条，第 {walk.size + 1} 号起的记录不见了",
                f"shorter than witnessed: the head you gave has {head.size} records and the pack {walk.size}; "
                f"records from {walk.size + 1} on are gone",
            )
        elif not root.startswith(head.root) or head.chain not in (None, chain):
            report.problem(
                "head",
                f"已分叉：记录与所给检查点（{head.size} 条）不符，最早的不同在第 {good + 1} 至 {head.size} 号之间",
                f"forked: the records are not those of the head you gave ({head.size} records); "
                f"the first that differs is among {good + 1} to {head.size}",
            )
        else:
            good = head.size
    for path in witness.entries:
        check_older(pack, path, report)


def check_older(pack: Pack, older: Path, report: Report) -> None:
    """Compare record by record with an older pack; the first that differs is named."""
    new = lines_of(pack.root / "trail" / "entries.ndjson", report, "head")
    for seq, line in enumerate(lines_of(older, report, "head"), 1):
        other = next(new, None)
        if other is None:
            report.problem(
                "head",
                f"短于见证：第 {seq} 号起的记录在旧资料包中有，现在没有",
                f"shorter than witnessed: records from {seq} on are in the older pack and not in this one",
            )
            return
        if other != line:
            report.problem(
                "head",
                f"已分叉：第 {seq} 号记录与旧资料包中的不同",
                f"forked at record {seq}: it is not the one in the older pack",
            )
            return


# ---------------------------------------------------------------------------------------------------------------------
# All of it


def check_pack(root: Path, given_heads: list[str], given_keys: list[str]) -> Report:
    """Check everything there is to check."""
    report = Report()
    pinned = read_pins(given_keys, report)
    try:
        content = read_whole(root / "manifest.json")
        manifest = read_manifest(content)
    except Refused as refusal:
        report.problem("manifest", f"manifest.json：{refusal.zh}", f"manifest.json: {refusal.en}")
        return report
    pack = Pack(root, manifest, read_keys(root, report), pinned)
    check_signature(pack, content, report)
    check_files(root, manifest, report)
    check_trail(pack, given_heads, report)
    if not pinned:
        report.note(
            "signature",
            "未用 --key 指定公钥：请把下列公钥与公开栏或上级工会所存的核对",
            "no --key was given: compare this key with the one on the public page or at the upper union",
        )
        for key in pack.keys:
            vkey = f"{key.name}+{key.key_id.hex()}+{base64.b64encode(bytes([1]) + key.public).decode('ascii')}"
            report.note("signature", vkey, vkey)
    return report


def check_trail(pack: Pack, given_heads: list[str], report: Report) -> None:
    """Everything below the manifest."""
    manifest = pack.manifest
    heads = read_checkpoints(pack, report)
    witness = read_witness(given_heads, pack, report)
    sealed = read_values(pack, report)
    fold = Fold(manifest, read_rules(pack, report), sealed, report)
    wanted = {head.size for head in heads + witness.heads}
    walk = walk_trail(pack, wanted, fold, report)
    if not walk.whole:
        return
    check_checkpoints(heads, walk, report)
    if (walk.size, walk.root.hex(), walk.chain.hex()) != (manifest.head.size, manifest.head.root, manifest.head.chain):
        report.problem(
            "trail", "记录与清单所写的链头不符", "the records do not come to the head that the manifest names"
        )
    check_witness(pack, witness, walk, report)
    for seq in list(sealed)[:PER_SECTION]:
        report.problem(
            "values", f"公开的值指向不存在的第 {seq} 号记录", f"an opened value names record {seq}, which is not there"
        )
    cases = check_cases(pack, fold, report)
    check_summary(pack, cases, report)
    check_evidence(manifest, fold, report)
    last = heads[-1].time if heads else None
    report.summary = Finding(
        "all",
        f"核对一致：{shown(manifest.origin)} 共 {walk.size} 条留痕、{len(cases)} 个事项、{len(manifest.files)} 个文件，"
        f"记录完整，已核对至 {last}。链头 {walk.size}@{walk.root.hex()}",
        f"All holds: {shown(manifest.origin)}, {walk.size} records, {len(cases)} cases, {len(manifest.files)} files; "
        f"complete and checked up to {last}. Head {walk.size}@{walk.root.hex()}",
    )


def read_pins(given: list[str], report: Report) -> list[Key]:
    """The keys that the user trusts, as text or in a file."""
    pins: list[Key] = []
    for text in given:
        try:
            pins.extend(parse_key(line) for line in text_or_file(text).splitlines() if line.strip())
        except Refused as refusal:
            report.problem("signature", f"--key：{refusal.zh}", f"--key: {refusal.en}")
    if given and not pins:
        report.problem("signature", "--key 中没有公钥", "--key holds no key")
    return pins


def show(report: Report) -> None:
    """Print what was found: problems first, then notes, then the one sentence."""
    for mark, findings in (("✗", report.problems), ("·", report.notes)):
        for finding in findings:
            print(f"{mark} {finding.zh}" + ("" if finding.zh == finding.en else f"\n  {finding.en}"))
    more = sum(max(0, count - PER_SECTION) for count in report.counts.values())
    if more:
        print(f"✗ 还有 {more} 处\n  and {more} more")
    if report.problems:
        print(f"✗ 核对不一致：{sum(report.counts.values())} 处问题，见上。请勿采信这份资料，并联系经审会。")
        print("  Not all holds: see above. Do not rely on this pack, and tell the audit committee.")
    elif report.summary is not None:
        print(f"✓ {report.summary.zh}\n  {report.summary.en}")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a character must not stop the check.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description="核对审查资料包 / check a review pack")
    parser.add_argument("pack", help="资料包文件夹 / the folder of the pack")
    parser.add_argument("--key", action="append", default=[], help="可信公钥（文字或文件）/ the public key you trust")
    parser.add_argument(
        "--head", action="append", default=[], help="另存的检查点（文字或文件）或旧资料包 / a head held elsewhere"
    )
    options = parser.parse_args(arguments)
    try:
        report = check_pack(Path(options.pack), options.head, options.key)
    except Exception as error:  # noqa: BLE001 -- the last net: whatever a pack holds, the answer is a sentence
        report = Report()
        report.problem(
            "all", f"资料包无法核对：{type(error).__name__}", f"the pack cannot be checked: {type(error).__name__}"
        )
    show(report)
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
