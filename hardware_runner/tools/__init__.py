"""Tools that write firmware into boards, one module each."""
