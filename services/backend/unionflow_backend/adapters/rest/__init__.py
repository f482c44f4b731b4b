"""What people ask of the business services over HTTP."""
