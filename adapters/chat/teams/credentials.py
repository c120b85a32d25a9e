"""Credentials: the token by which we speak to Teams, by password, certificate or managed identity; fetched beside the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import requests
from botframework.connector.auth import AppCredentials, CertificateAppCredentials, MicrosoftAppCredentials
from botframework.connector.auth.managedidentity_app_credentials import ManagedIdentityAppCredentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from msal.exceptions import MsalError

from bot.errors import ConfigError, DeliveryDeferred, DeliveryImpossible

SCOPE = "https://api.botframework.com"
KEPT_S = 300
"""How long a token is used before the library is asked again, which renews it in time; it lives for an hour and more."""


class Tokens:
    """The token of one app; one request at a time, however many messages wait for it."""

    def __init__(self, credentials: AppCredentials | None, seconds: Callable[[], float] = time.monotonic) -> None:
        self.credentials, self._seconds = credentials, seconds
        self._token, self._until = "", 0.0
        self._one_at_a_time = asyncio.Lock()

    async def header(self, *, is_refused: bool = False) -> dict[str, str]:
        """Return the header that a call needs; empty in a trial without tokens.

        Args:
            is_refused: Teams did not take the last one.

        Raises:
            DeliveryImpossible: Microsoft Entra refuses the app; the sentence says what to look at.
            DeliveryDeferred: It cannot be reached.
        """
        if self.credentials is None:
            return {}
        async with self._one_at_a_time:
            if is_refused or self._seconds() >= self._until:
                self._token = await asyncio.to_thread(self._fetch, self.credentials)
                self._until = self._seconds() + KEPT_S
        return {"Authorization": f"Bearer {self._token}"}

    @staticmethod
    def _fetch(credentials: AppCredentials) -> str:
        try:
            return str(credentials.get_access_token())
        except (requests.RequestException, OSError) as exc:
            if isinstance(exc, PermissionError):  # what the SDK raises for a refusal; it repeats Entra's text, which names the app only
                reason = str(exc).partition("error: ")[2].partition(",")[0] or "refused"
                raise DeliveryImpossible(f"Microsoft Entra refuses the app ({reason}). Check its secret, certificate and tenant.") from exc
            raise DeliveryDeferred("Microsoft Entra cannot be reached.") from exc
        except MsalError as exc:
            raise DeliveryDeferred("Microsoft Entra has trouble.") from exc
        except KeyError as exc:
            raise DeliveryImpossible("This machine's managed identity gives no token. Is it assigned, and app_id its client id?") from exc
        except ValueError as exc:
            raise DeliveryImpossible("Microsoft Entra does not know the tenant. Check [teams] tenant.") from exc


def by_password(app_id: str, tenant: str, password: str) -> AppCredentials:
    """Return the credentials of a single-tenant app with a client secret."""
    return MicrosoftAppCredentials(app_id, password, tenant, SCOPE)


def by_certificate(app_id: str, tenant: str, pem: str) -> AppCredentials:
    """Return the credentials of a single-tenant app with a certificate; *pem* holds it and its private key.

    Raises:
        ConfigError: One of the two is not there.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as exc:
        raise ConfigError(
            "AISPEND_TEAMS_CERTIFICATE (or the file that AISPEND_TEAMS_CERTIFICATE_FILE names) must hold a certificate "
            "and its unencrypted private key, both as PEM."
        ) from exc
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - how Entra names a certificate, not what protects it
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return CertificateAppCredentials(app_id, thumbprint, private, tenant, SCOPE)


def by_managed_identity(app_id: str) -> AppCredentials:
    """Return the credentials of a user-assigned managed identity of this machine."""
    return ManagedIdentityAppCredentials(app_id, SCOPE)
