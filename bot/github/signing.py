"""Signing requests: as the App itself, or with a token."""

from __future__ import annotations

from github import Auth

from bot.github.access import AppAccess, LeasedToken


class Leased(Auth.Auth):
    """Signs requests with a token that changes."""

    def __init__(self, token: LeasedToken) -> None:
        self.leased = token

    @property
    def token_type(self) -> str:
        """Return what stands before the token in a request."""
        return "token"

    @property
    def token(self) -> str:
        """Return the token that holds now."""
        return self.leased.current()


def app_auth(access: AppAccess) -> Auth.AppAuth:
    """Return what signs requests as the App itself.

    Raises:
        ValueError: the key cannot sign; the message does not hold it.
    """
    auth = Auth.AppAuth(access.app_id, access.private_key)
    try:
        auth.create_jwt()
    except Exception:
        raise ValueError(
            "The App's private key is not an RSA key in PEM form. Take the file that GitHub gave "
            'when the key was made; it begins with "-----BEGIN RSA PRIVATE KEY-----".'
        ) from None
    return auth


def token_auth(token: str | LeasedToken) -> Auth.Auth:
    """Return what signs requests with a token."""
    return Auth.Token(token) if isinstance(token, str) else Leased(token)
