"""``flask invoice read`` needs a file and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from app.demo.documents import SampleInvoice, invoice_xml
from app.fund.invoices.cli import invoice_cli


def test_it_prints_one_json_object(invoice: SampleInvoice, tmp_path: Path) -> None:
    file = tmp_path / "票.xml"
    file.write_bytes(invoice_xml(invoice))
    result = CliRunner().invoke(invoice_cli, ["read", str(file), "--json"])
    assert result.exit_code == 0
    plain = json.loads(result.output)
    assert plain["number"] == invoice.number
    assert plain["date"] == "2026-03-05"
    assert plain["amount_total_fen"] == 173_601
    assert plain["reject"] is None


def test_it_speaks_to_people_in_both_languages(invoice: SampleInvoice, tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(invoice_xml(invoice).replace(b"<TotalTaxAm>", b"<TotalTaxAm>9"))
    result = CliRunner().invoke(invoice_cli, ["read", str(file)])
    assert "1,736.01" in result.output
    assert "金额加税额不等于价税合计" in result.output
    assert "Amount plus tax" in result.output


def test_a_refused_file_leaves_with_status_1(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(b"<!DOCTYPE a><a/>")
    result = CliRunner().invoke(invoice_cli, ["read", str(file)])
    assert result.exit_code == 1
    assert "XML 含有不允许的内容" in result.output
    assert json.loads(CliRunner().invoke(invoice_cli, ["read", str(file), "--json"]).output)["reject"] == "unsafe_xml"
