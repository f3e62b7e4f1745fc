"""A version's model card, in Markdown, with the metadata that Hugging Face reads."""

from prisml.commands.card.card import model_card

__all__ = ["model_card"]
