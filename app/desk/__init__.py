"""What crosses features: the home page (工作台), the inbox (待办), and the frame around every page."""
