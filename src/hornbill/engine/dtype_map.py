"""DTypePolicyMap: dtype policies by the paths of layers."""

import re
from collections.abc import MutableMapping

from . import config, dtypes, serialize
from .dtypes import DTypePolicy


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Dtype policies by the paths of layers, for layers with layers inside.

    Given as `dtype=` to a layer that hands it on, each layer inside takes the policy of its own
    path. A key is a path, or a regular expression that a whole path must match:
    `"encoder/.*"` is everything inside `encoder`, `"encoder"` that layer alone.

    Args:
        default_policy: a policy, a name or a dtype, for paths that no key matches; None is the
            global policy.
        policy_map: `{path or pattern: policy}`.

    Raises:
        ValueError: when a key is set twice, or a path matches several patterns.

    >>> import hornbill as hb
    >>> policies = hb.dtype_policies.DTypePolicyMap("float32")
    >>> policies["encoder/.*"] = "mixed_bfloat16"
    >>> policies["encoder/query"].name, policies["decoder"].name
    ('mixed_bfloat16', 'float32')
    """

    def __init__(self, default_policy=None, policy_map: dict | None = None):
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError(
                "DTypePolicyMap's default_policy is one policy. "
                f"Received: default_policy={default_policy!r}"
            )
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "DTypePolicyMap's policy_map is a dict {path: policy}. "
                f"Received: policy_map={policy_map!r}"
            )
        self._given = None if default_policy is None else dtypes.get_policy(default_policy)
        self._policies: dict[str, DTypePolicy] = {}
        for key, policy in (policy_map or {}).items():
            self[key] = policy

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of paths that no key matches."""
        policy = dtypes.get_policy(self._given)
        # The global policy may be a map itself.
        return DTypePolicy(config.floatx()) if isinstance(policy, DTypePolicyMap) else policy

    name = property(lambda self: f"map_{self.default_policy.name}")
    compute_dtype = property(lambda self: self.default_policy.compute_dtype)
    variable_dtype = property(lambda self: self.default_policy.variable_dtype)

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policies:
            return self._policies[key]
        matches = [pattern for pattern in self._policies if re.fullmatch(pattern, key)]
        if len(matches) > 1:
            raise ValueError(
                f"The path '{key}' matches several keys of a DTypePolicyMap: {matches}. Let each "
                "path match one, or give the path itself as a key."
            )
        return self._policies[matches[0]] if matches else self.default_policy

    def __setitem__(self, key: str, policy) -> None:
        if key in self._policies:
            raise ValueError(
                f"DTypePolicyMap holds '{key}' already, as {self._policies[key]!r}; delete it "
                f"first. Received: {policy!r}"
            )
        self._policies[key] = dtypes.get_policy(policy)

    def __delitem__(self, key):
        del self._policies[key]

    def __contains__(self, key):
        return key in self._policies

    def __len__(self):
        return len(self._policies)

    def __iter__(self):
        return iter(self._policies)

    def __eq__(self, other):
        return (
            isinstance(other, DTypePolicyMap)
            and self.default_policy == other.default_policy
            and self._policies == other._policies
        )

    def __hash__(self):
        return id(self)

    def get_config(self) -> dict:
        return {
            "default_policy": serialize.serialize(self._given),
            "policy_map": serialize.serialize(self._policies),
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "DTypePolicyMap":
        return cls(**serialize.deserialize_arguments(config, custom_objects))

    def __repr__(self):
        policies = {key: policy.name for key, policy in self._policies.items()}
        return f"<DTypePolicyMap {self.default_policy.name}, {policies}>"
