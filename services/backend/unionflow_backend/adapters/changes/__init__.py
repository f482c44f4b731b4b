"""What the business services can do: each change in one transaction with what it announces."""
