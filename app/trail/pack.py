"""Writes review packs (审查资料包): a folder that ``verify.py``, which lies in it, checks on any machine.

The format is described in ``docs/reference/pack.md``. This module is handed everything and reads no database; what it
writes is signed as a whole, so a file that is missing, added or changed afterwards is found.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from app.trail.canonical import canonical
from app.trail.chain import chain_next, chain_start, leaf_hash
from app.trail.merkle import Frontier
from app.trail.note import Signer, TrustedKey, sign_note
from app.trail.verifier import verify

Content = bytes | Path
"""What a file of the pack is made of: its bytes, or a file to copy."""

GROUPS = ("workflow", "state")
"""Fields of a case by which ``summary.json`` adds up."""

_HEX64 = re.compile(r"[0-9a-f]{64}")
_EVIDENCE = re.compile(r"([0-9a-f]{64})(\.[a-z0-9]{1,8})?")
_README = """审查资料包：怎样核对

1. 在任何一台装有 Python 3.9 以上的电脑上，打开命令行，进入本文件夹的上一级。
2. 运行：python {name}/verify.py {name} --key 公钥
   公钥请从公开栏、上级工会或上一次的纸质报告上取，不要用本文件夹里的。
3. 手里有以前打印的链头（如 1301@3f2a…）的，再加：--head 链头
   显示“核对一致”，说明记录自那时起没有被改动、删除或调换。它不能证明当初所填内容属实。

Review pack: how to check it

1. On any machine with Python 3.9 or later, open a terminal in the folder above this one.
2. Run: python {name}/verify.py {name} --key PUBLIC_KEY
   Take the public key from the union's public page, the upper union or the last printed report, not from this folder.
3. With a head printed earlier (such as 1301@3f2a…), add: --head HEAD
   "All holds" means that no record was changed, removed or moved since. It does not prove that what was typed was true.
"""


class OpenedValue(NamedTuple):
    """A sealed value shown to the reader of the pack, with the salt that proves it is the one that was sealed."""

    seq: int
    path: str
    salt: bytes
    value: object


def write_pack(
    directory: Path,
    *,
    origin: str,
    made_at: str,
    scope: Mapping[str, object],
    entries: Iterable[tuple[bytes, str]],
    checkpoints: Sequence[str],
    keys: Sequence[TrustedKey],
    definitions: Mapping[str, bytes],
    values: Iterable[OpenedValue],
    cases: Sequence[Mapping[str, object]],
    files: Iterable[tuple[str, Content]],
    signer: Signer,
    documents: Iterable[tuple[str, Content]] = (),
    group_by: Sequence[str] = GROUPS,
    algorithm: str = "sha256",
) -> str:
    """Write a pack into an empty folder and sign it; returns the SHA-256 of its manifest, in hex.

    Args:
        directory: made when it is not there.
        origin: the log's name.
        made_at: the moment, as ``clock.stamp`` writes it.
        scope: what the pack is about, in words and dates; ``{"cases": "all"}`` promises every numbered case of the trail.
        entries: every record of the log from 1 on: body, and the chain value stored with it in hex.
        checkpoints: signed notes, by size.
        keys: every key that signed one of them, or signs this.
        definitions: canonical bytes of every workflow definition that a record names, by SHA-256 in hex.
        values: the sealed values that the readers of this pack may see.
        cases: how each case in scope ended; see ``docs/reference/pack.md`` for the fields.
        files: evidence, as ``<sha256>.<ext>`` and content.
        signer: the log's key.
        documents: anything else, as relative path and content: the report, its spreadsheet.
        group_by: fields of a case by which the summary adds up.
        algorithm: the log's hash algorithm.

    Raises:
        FileExistsError: the folder is not empty.
        ValueError: a name, hash or link that the format cannot carry.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError(directory)
    pack = _Folder(directory)
    head = _write_trail(pack, origin, entries, algorithm)
    pack.write("trail/checkpoints.txt", "\n".join(checkpoints).encode())
    pack.write("trail/keys.txt", "".join(f"{key.line()}\n" for key in keys).encode())
    pack.write_lines("trail/values.ndjson", (canonical(_opened(value)) for value in values))
    pack.write_lines("cases.ndjson", (canonical(dict(case)) for case in cases))
    pack.write("summary.json", canonical(summary_of(cases, group_by)))
    for digest, body in sorted(definitions.items()):
        _expect(digest, pack.write(f"definitions/{digest}.json", body))
    for name, content in files:
        match = _EVIDENCE.fullmatch(name)
        if match is None:
            raise ValueError(f"evidence is named <sha256>.<ext>, not {name}")
        _expect(match[1], pack.write(f"files/{name}", content))
    for path, content in documents:
        pack.write(path, content)
    pack.write("verify.py", Path(verify.__file__))
    pack.write("README.txt", _README.format(name=directory.name).encode())
    return _sign(pack, origin, signer, alg=algorithm, made_at=made_at, scope=dict(scope), head=head)


def summary_of(cases: Sequence[Mapping[str, object]], group_by: Sequence[str] = GROUPS) -> dict[str, object]:
    """Number and sum (fen) of the cases, in all and by each field; a missing field counts as ``None``."""
    lines = [dict(case) for case in cases]
    summary: dict[str, object] = dict(verify.totals(lines))
    for field in group_by:
        names = {str(line.get(field)) for line in lines}
        summary[f"by_{field}"] = {
            name: verify.totals(line for line in lines if str(line.get(field)) == name) for name in names
        }
    return summary


class _Folder:
    """The folder being written, and the list of what is in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, dict[str, object]] = {}

    def write(self, path: str, content: Content) -> str:
        """Write one file; returns its SHA-256 in hex."""
        with self._open(path) as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, file)
        return self._list(path)

    def write_lines(self, path: str, lines: Iterable[bytes]) -> None:
        """Write one file, a line for each of ``lines``."""
        with self._open(path) as file:
            file.writelines(line + b"\n" for line in lines)
        self._list(path)

    def _open(self, path: str) -> IO[bytes]:
        """A new file at a path that means the same on every system."""
        if not verify.is_inside(path):
            raise ValueError(f"not a path for a pack: {path}")
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("xb")

    def _list(self, path: str) -> str:
        """Enter a written file into the manifest."""
        with (self.root / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.files[path] = {"path": path, "size": (self.root / path).stat().st_size, "sha256": digest}
        return digest


def _write_trail(pack: _Folder, origin: str, entries: Iterable[tuple[bytes, str]], algorithm: str) -> dict[str, object]:
    """Write records and links; the head is computed from the records, the links are those that were stored."""
    chain, frontier, links = chain_start(origin, algorithm), Frontier(algorithm=algorithm), list[bytes]()

    def bodies() -> Iterator[bytes]:
        nonlocal chain
        for body, link in entries:
            if not _HEX64.fullmatch(link) or b"\n" in body:
                raise ValueError(f"record {frontier.size + 1} cannot be written on one line with its link")
            leaf = leaf_hash(body, algorithm)
            chain = chain_next(chain, leaf, algorithm)
            frontier.append(leaf)
            links.append(link.encode())
            yield body

    pack.write_lines("trail/entries.ndjson", bodies())
    pack.write_lines("trail/links.txt", links)
    return {"size": frontier.size, "root": frontier.root().hex(), "chain": chain.hex()}


def _sign(pack: _Folder, origin: str, signer: Signer, **fields: object) -> str:
    """Write manifest and signature, the two files that the manifest does not list."""
    listed = [pack.files[path] for path in sorted(pack.files)]
    manifest = canonical({"format": verify.FORMAT, "origin": origin, "files": listed, **fields})
    digest = hashlib.sha256(manifest).hexdigest()
    (pack.root / "manifest.json").write_bytes(manifest)
    note = sign_note(f"{verify.FORMAT}\n{origin}\nsha256 {digest}\n", [signer])
    (pack.root / "manifest.sig").write_bytes(note.encode())
    return digest


def _opened(value: OpenedValue) -> dict[str, object]:
    """The line of ``values.ndjson``."""
    return {"seq": value.seq, "path": value.path, "salt": value.salt.hex(), "value": value.value}


def _expect(digest: str, found: str) -> None:
    """Refuse content that is not what its name says."""
    if digest != found:
        raise ValueError(f"content has SHA-256 {found}, its name says {digest}")
