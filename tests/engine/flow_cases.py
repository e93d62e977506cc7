"""Functions of a number whose control flow depends on it, written as people write Python."""

import contextlib

from hornbill import ops


def early_return(x):
    if x > 1:
        return x * 2
    y = x + 1
    if x > 0:
        return y * y
    return -y


def assigning_if(x):
    y = x
    if x > 0:
        y = y * 3
        z = y + 1
    else:
        z = y - 1
    return y * z


def temporary_in_one_way(x):
    y = x
    if x > 0:
        half = x / 2
        y = half * half
    return y


def elif_chain(x):
    if x > 2:
        y = x
    elif x > 1:
        y = x * 2
    elif x > 0:
        y = x * 3
    else:
        y = x * 4
    return y * y


def nested_returns(x):
    if x > 0:
        if x > 1:
            return x
        x = x * 5
    else:
        x = x * 7
    return x * x


def halving(x):
    while abs(x) > 0.5:
        x = x * 0.5
    return x * x


def loop_with_if(x):
    total = 0.0
    i = 0
    while i < x * 3:
        if i % 2 == 0:
            total = total + x
        else:
            total = total + x * x
        i = i + 1
    return total * x


def condition_that_opens_later(x):
    total, rounds = 0.0, 0
    while total < 3:
        total = total + abs(x)
        rounds += 1
    return total * x + rounds


def counted(x):
    y = x
    for i in range(ops.cast(abs(x) * 3, "int32")):
        y = y * x + i
    return y


def counted_from_to(x):
    n = ops.cast(abs(x) * 4, "int32")
    total = x
    for i in range(n, 1, -2):
        total = total * 0.5 + i * x
    return total


def plain_loop(x):
    for k in range(3):
        if x > k:
            x = x * 0.9
    return x


def over_rows(x):
    total = x * 0
    for row in ops.arange(34, dtype="float32") * x:
        total = total + row * row
    return total


def over_few_rows(x):
    parts = []
    for row in ops.stack([x, x * 2, x * 3]):
        parts.append(row * row)
    return ops.sum(ops.stack(parts))


def breaks(x):
    total = x
    for i in range(6):
        if total > 4:
            break
        total = total * 1.5 + i
    return total * x + i


def continues(x):
    total = 0.0
    for i in range(5):
        if x * i > 2:
            continue
        total = total + x * i
        total = total * x
    return total


def break_and_continue(x):
    i, total = 0, x
    while i < 10:
        i += 1
        if x * i < 0.5:
            continue
        total = total + x * i
        if total > 9:
            break
    return total * i


def while_true(x):
    steps = 0
    while True:
        x = x * 0.7
        steps += 1
        if abs(x) < 0.3:
            break
    return x * steps


def return_in_a_loop(x):
    for i in range(5):
        if x * i > 2:
            return x * x + i
    return -x


def return_in_an_open_loop(x):
    i = 0
    while i < abs(x) * 10:
        i += 1
        if i * x > 3:
            return i * x
    return x


def return_in_nested_loops(x):
    for i in range(3):
        for j in range(3):
            if x * i * j > 1.5:
                return x * (i + j)
        x = x * 1.1
    return x


def loop_else(x):
    y = x
    for i in range(4):
        if x * i > 3:
            y = x * i
            break
    else:
        y = x * 100
    return y


def return_inside_with(x):
    with contextlib.nullcontext(3.0) as factor:
        if x > 0:
            return x * factor
        x = x - 1
    return x * x


def return_inside_try(x):
    try:
        if x > 1:
            return x * 2
        x = x * x
    finally:
        x = x + 0
    return x + 1


def logic(x):
    if (x > -1 and not x > 1) or x > 3:
        return x * 2
    return x * 3


def chained_comparison(x):
    return x * x if -1 < x <= 1.0 else x * 3


def conditional(x):
    return (x if x > 0 else x * 5) * x


def conditional_in_a_comprehension(x):
    return sum([(x * k if x > k else x / (k + 1)) for k in range(3)])


def _helper(x, power=2):
    if x > 0:
        return x**power
    return -x


def calls_a_helper(x):
    return _helper(x) + _helper(x - 1, power=3)


def closure(x):
    scale = x * 2

    def scaled(y):
        if y > 1:
            return y * scale
        return y + scale

    choose = lambda y: y if y > 0 else scale  # noqa: E731
    return scaled(x) * choose(x)


def structures(x):
    pair = {"a": x, "b": (x, 2)}
    if x > 0:
        pair = {"a": x * 2, "b": (x * x, 3)}
    return pair["a"] * pair["b"][0] * pair["b"][1]


def tuple_returned(x):
    def split(y):
        if y > 1:
            return y, y * y
        return -y, y

    a, b = split(x)
    return a * b


def newton(x):
    target = abs(x) + 1
    guess, i = target, 0
    while abs(guess * guess - target) > 1e-5 and i < 50:
        guess = 0.5 * (guess + target / guess)
        i += 1
    return guess


def loop_in_a_loop(x):
    total = x
    i = 0
    while i < abs(x) * 2:
        j = 0
        while j < i + x:
            total = total + x * 0.1
            j += 1
        i += 1
    return total * total


def list_made_inside(x):
    if x > 0:
        parts = [x]
        parts.append(x * x)
        y = ops.sum(ops.stack(parts))
    else:
        y = x
    return y


def walrus(x):
    if (y := x * 2) > 1:
        return y
    return y * y


CASES = {
    name: f
    for name, f in list(globals().items())
    if callable(f) and name[0] != "_" and f.__module__ == __name__
}
