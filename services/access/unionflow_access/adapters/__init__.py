"""Where tokens meet keys: signatures by PyJWT, key sets by HTTP."""
