"""Work plans and the tasks that come of them."""
