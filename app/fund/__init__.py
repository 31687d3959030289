"""Budget, claims, rule packs, invoices, payment, books."""
