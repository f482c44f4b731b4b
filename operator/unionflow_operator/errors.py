"""Every error that the operator raises on purpose."""

from __future__ import annotations

from unionflow_runtime.errors import SettingsError


class OperatorError(Exception):
    """Root of the operator's errors, but for those of starting."""


class NoCluster(SettingsError):
    """Neither KUBECONFIG nor a pod's account says where the API server is. Set one of them."""


class RightMissing(OperatorError):
    """The operator's own code asked for a verb that its table of rights does not have.

    A bug: add the right where it is declared, and to the manifests, or do not ask.
    """


class NotLeading(OperatorError):
    """A write was not sent, since this replica's Lease has run out. The other one will do it."""


class KubeFault(OperatorError):
    """The API server did not do what it was asked. Raised by every request to it.

    status: the HTTP status, 0 where there was no answer. reason: Kubernetes' own word, such as
    `Forbidden`, `Conflict`, `Invalid`, `NotFound`, or `Unreachable`. The message is one sentence.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class KafkaFault(OperatorError):
    """Kafka did not do what it was asked. Raised by every request to it.

    reason: CamelCase, for a condition: `Unreachable`, `CredentialsRefused`, `NotAuthorized`,
    `Refused`. The message is one sentence and holds no secret.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SecretFault(OperatorError):
    """A Secret that a stream names is missing, lacks a key, or holds what is no certificate.

    reason: `SecretMissing`, `SecretKeyMissing` or `SecretInvalid`. Mend the Secret it names.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InvalidStream(OperatorError):
    """An object is no UnionflowStream: one line for each thing that is wrong.

    Raised by `parse_stream`. The author of the object can mend it; trying again does not help
    before that. The API server refuses most of it at apply; what remains was written before a
    rule existed, or comes from a file.

    Attributes:
        problems: each with its path, what was found and what would do.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidPolicy(OperatorError):
    """A policy file's content is no policy: one line for each thing that is wrong.

    Raised by `parse_policy`. Whoever runs the operator can mend the file.
    """
