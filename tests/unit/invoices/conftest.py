"""One ordinary invoice, of people and companies that do not exist."""

from __future__ import annotations

from datetime import date

import pytest

from app.demo.documents import Party, SampleInvoice, SampleLine, sample_number, sample_tax_id


@pytest.fixture(scope="session")
def invoice() -> SampleInvoice:
    """Two lines at two rates, 1,736.01 yuan."""
    return SampleInvoice(
        number=sample_number(2026, 42),
        issued=date(2026, 3, 5),
        seller=Party("青禾文化用品有限公司", sample_tax_id(1)),
        buyer=Party("临江市第一中学工会委员会", sample_tax_id(2, union=True)),
        lines=(SampleLine("*文具*笔记本", 128_600, 20, "本", 13), SampleLine("*餐饮服务*餐费", 45_001)),
        remark="春季活动",
    )
