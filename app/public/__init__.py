"""公开栏: what members and anyone can see, and the page from which a period is made public."""
