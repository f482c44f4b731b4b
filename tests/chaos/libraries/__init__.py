"""Programs of both libraries in the audit: they know no wire, and are judged by what they got."""
