"""Three mutual societies of West Africa that nobody has to invent: for demonstrations and tests."""
