"""What has to be told to people: outbox rows written with the decision, delivered afterwards."""
