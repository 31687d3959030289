"""Every table, so that the metadata is whole: for migrations and for tests."""

from __future__ import annotations

from app.cases import models as cases
from app.foundation import idempotency
from app.fund import models as fund
from app.notices import models as notices
from app.people import models as people
from app.plan import models as plan
from app.review import models as review
from app.revising import models as revising
from app.trail import models as trail

MODULES = (idempotency, people, trail, notices, cases, fund, plan, revising, review)
