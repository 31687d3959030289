"""Two other ways to approve a claim, measured beside the product on copies of the same database.

``raw`` is the floor: the same rows by raw SQL, and nothing decided. ``plain`` is what one would write first: Flask, the
ORM, and one ``transitions.Machine`` per object. Both check the same token and are as durable as the product.
"""
