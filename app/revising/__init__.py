"""How a union changes its workflows: one proposes, another confirms, running cases are brought along or stay."""
