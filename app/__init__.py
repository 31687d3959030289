"""Gongkai: a trade union's plan, money and their public record. Nothing is imported here, so that the engine stays light."""
