"""The ground floor: variables, pure scopes, symbolic tensors, ops, dtypes, randomness."""
