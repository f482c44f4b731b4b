"""What of the charts is written from the code and from their values' comments."""
