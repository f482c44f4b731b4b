"""Where the API server is and who we are there: from KUBECONFIG, else from the pod's account."""

from __future__ import annotations

import kopf
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from unionflow_operator.errors import NoCluster

_POOL = 32  # connections; more requests than that wait, so that no burst of ours is a storm


async def load_configuration(kubeconfig: str | None, context: str | None = None) -> Configuration:
    """The client's configuration. Tokens of a pod's account are read anew every minute.

    kubeconfig: a path, or None for the pod's account. context: of the file; its own by default.

    Raises:
        NoCluster: says what is missing.
    """
    configuration = Configuration()
    try:
        if kubeconfig:
            await load_kube_config(
                config_file=kubeconfig,
                context=context,
                client_configuration=configuration,
                persist_config=False,
            )
        else:
            load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as error:
        where = f"KUBECONFIG={kubeconfig}" if kubeconfig else "KUBECONFIG is not set, and this pod"
        raise NoCluster(f"{where} gives no way to an API server: {error}") from None
    configuration.connection_pool_maxsize = _POOL
    return configuration


async def kopf_login(kubeconfig: str | None) -> kopf.ConnectionInfo:
    """The same for kopf, which asks anew when it gets a 401.

    Raises:
        NoCluster: as `load_configuration` does.
    """
    configuration = await load_configuration(kubeconfig)
    settings = await configuration.auth_settings()
    scheme, _, token = str(settings.get("BearerToken", {}).get("value", "")).partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        ca_data=configuration.ca_cert_data,
        insecure=not configuration.verify_ssl,
        username=configuration.username or None,
        password=configuration.password or None,
        scheme=scheme if token else None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
