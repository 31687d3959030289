"""The half-year fund review: scope, figures, report, pack; and the checks of the whole record."""
