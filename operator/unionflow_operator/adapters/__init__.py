"""Acts, and decides nothing."""
