"""What proposing and confirming a workflow may be refused for."""

from __future__ import annotations

from collections.abc import Sequence

from app.engine.problems import Problem
from app.foundation.errors import Conflict, Invalid, NotAllowed
from app.wording import Text


class BadDefinition(Invalid):
    """这个流程还不能用，请按下列各条修改。

    This workflow cannot be used yet. Correct it as listed.
    """

    code = "bad_definition"

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Every problem becomes a fault at its line."""
        faults: dict[str, list[Text]] = {}
        for one in problems:
            faults.setdefault("yaml" if one.line is None else f"yaml.{one.line}", []).append(one.text)
        super().__init__(faults)
        self.problems = tuple(problems)


class SameAsInForce(Conflict):
    """和现行的版本完全一样，没有什么可提的。

    It is the same as the version in force; there is nothing to propose.
    """

    code = "same_as_in_force"


class AlreadyProposed(Conflict):
    """这个版本已经有人提出，正等人确认。

    This version was proposed already and waits to be confirmed.
    """

    code = "already_proposed"


class OwnProposal(NotAllowed):
    """自己提的流程不能自己确认，请主席、副主席或经审会主任中的另一位来确认。

    Nobody confirms what he proposed. Another of chair, vice-chair and audit chair has to confirm it.
    """

    code = "own_proposal"


class NoLongerWaiting(Conflict):
    """这个提案已经有人办过了，请刷新。

    This proposal was decided already. Reload.
    """

    code = "no_longer_waiting"


class BaseChanged(Conflict):
    """提出以后，现行的版本又换过，差别已经不是提案上写的那些。请撤下它，按新的现行版本重新提出。

    The version in force was changed after this was proposed, so the differences are not those it lists. Reject it and propose again.
    """

    code = "base_changed"


class NotAdopted(Conflict):
    """这个版本没有启用，不能把事项迁过去。

    This version is not in force, so no case can be moved to it.
    """

    code = "not_adopted"
