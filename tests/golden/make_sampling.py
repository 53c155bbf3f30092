#!/usr/bin/env python3
"""Writes sampling.json: a second, independent implementation of the sampling rule, for the conformance kit.

Run it only when sampler_revision changes: python3 tests/golden/make_sampling.py
Python's floats are IEEE doubles and it fuses nothing, so every bit is defined.
"""
import json
import os
import struct

MASK = (1 << 64) - 1
REVISION = 1


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def mix64(x):
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def fixed_log(x):
    bits = struct.unpack("<Q", struct.pack("<d", x))[0]
    k = (bits - 0x3FE6A09E667F3BCD) >> 52
    m = struct.unpack("<d", struct.pack("<Q", bits - (k << 52)))[0]
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    tail = 1.0 / 21.0
    for odd in (19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        tail = tail * z + 1.0 / odd
    tail = tail * z
    half = 0.5 * f * f
    log_m = f - (half - s * (half + 2.0 * tail))
    return k * 6.93147180369123816490e-01 + (log_m + k * 1.90821492927058770002e-10)


def row_noise(seed, position):
    row = mix64((mix64(seed + 0x9E3779B97F4A7C15 & MASK) + position * 0xD1342543DE82EF95) & MASK)
    before, within, low = row & 0xFFFFFFFF, row >> 32, mix64(row + 0x9E3779B97F4A7C15 & MASK)

    def gumbel(token):
        h = token + before & 0xFFFFFFFF
        h ^= h >> 17
        h = h * 0xED5AD4BB & 0xFFFFFFFF
        h ^= h >> 11 ^ within
        h = h * 0xAC4C1B51 & 0xFFFFFFFF
        h ^= h >> 15
        h = h * 0x31848BAB & 0xFFFFFFFF
        h ^= h >> 14
        bits = h << 20 | mix64(low + token * 0x9E3779B97F4A7C15 & MASK) >> 44
        u = ((1 << 53) - 2 * bits - 1) * 2.0**-53
        return -fixed_log(-fixed_log(u))

    return gumbel


def weight(d):
    t = max(d, -29.0) * 1.4426950408889634
    whole = round(t)
    x = (t - whole) * 0.6931471805599453
    p = 0.0
    for factorial in (3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1):
        p = p * x + 1.0 / factorial
    return round(p * 2.0 ** (40 + whole))


def pick(logits, params, position, prompt, generated):
    l = list(logits)
    for token, bias in params.get("logit_bias", []):
        l[token] = f32(l[token] + f32(bias))
    window = prompt + generated
    last_n = params.get("repeat_last_n", 64)
    window = window if last_n < 0 else window[max(0, len(window) - last_n) :]
    repeat = f32(params.get("repeat_penalty", 1))
    if repeat != 1:
        for token in set(window):
            l[token] = f32(l[token] / repeat if l[token] > 0 else l[token] * repeat)
    for token in set(generated):
        off = f32(generated.count(token) * f32(params.get("frequency_penalty", 0)))
        l[token] = f32(l[token] - f32(off + f32(params.get("presence_penalty", 0))))
    ids = sorted(range(len(l)), key=lambda x: (-l[x], x))
    if params.get("top_k", 0):
        ids = ids[: params["top_k"]]
    top = l[ids[0]]
    if params.get("top_p", 1) < 1:
        weights = [weight(l[x] - top) for x in ids]
        target = f32(params["top_p"]) * float(sum(weights))
        total = kept = 0
        while kept == 0 or float(total) < target:
            total += weights[kept]
            kept += 1
        ids = ids[:kept]
    if params.get("min_p", 0) > 0:
        ids = [x for x in ids if l[x] >= top + fixed_log(f32(params["min_p"]))]
    temperature = f32(params.get("temperature", 1))
    if temperature == 0:
        return ids[0]
    gumbel = row_noise(params.get("seed", 0), position)
    return max(ids, key=lambda x: ((l[x] - top) / temperature + gumbel(x), -x))


def formula(n):
    """l_x = floor((x * 2654435761 mod 2^32) / 2^16) / 4096: 0 to 16, exact."""
    return [((x * 2654435761 & 0xFFFFFFFF) >> 16) / 4096 for x in range(n)]


def case(name, n, params, prompt, count):
    logits, generated = formula(n), []
    for _ in range(count):
        generated.append(pick(logits, params, len(prompt) + len(generated), prompt, generated))
    return {"name": name, "n_vocab": n, "params": params, "prompt": prompt, "ids": generated}


SEED = 0x0123456789ABCDEF
CASES = [
    case("greedy", 257, {"temperature": 0}, [1], 3),
    case("plain", 257, {"seed": 1}, [1, 2, 3], 48),
    case("another seed", 257, {"seed": SEED}, [1, 2, 3], 48),
    case("cool", 257, {"temperature": 0.7, "seed": SEED}, [1], 32),
    case("hot", 257, {"temperature": 2.5, "seed": SEED}, [1], 32),
    case("top_k", 257, {"top_k": 5, "temperature": 4, "seed": 3}, [], 32),
    case("top_p", 257, {"top_p": 0.8, "temperature": 4, "seed": 4}, [], 32),
    case("min_p", 257, {"min_p": 0.2, "temperature": 4, "seed": 5}, [], 32),
    case("penalties", 33, {"repeat_penalty": 1.5, "repeat_last_n": 6, "presence_penalty": 0.5,
                           "frequency_penalty": 1.25, "seed": 6}, [0, 5, 8, 13, 21], 48),
    case("bias", 33, {"logit_bias": [[3, 5], [4, -100]], "temperature": 2, "seed": 7}, [2], 32),
    case("everything", 500, {"temperature": 1.3, "top_k": 60, "top_p": 0.95, "min_p": 0.01,
                             "repeat_penalty": 1.1, "repeat_last_n": -1, "presence_penalty": 0.2,
                             "frequency_penalty": 0.3, "logit_bias": [[8, 2], [8, 1.5]],
                             "seed": 8}, [9, 8, 7], 48),
    case("32k", 32000, {"seed": 9}, [1], 6),
    case("152k", 152064, {"temperature": 0.8, "seed": MASK}, [1] * 40, 3),
]

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sampling.json")
    with open(path, "w", encoding="ascii") as out:
        out.write('{"sampler_revision": %d,\n "logits": "%s",\n "cases": [\n' % (REVISION, formula.__doc__))
        out.write(",\n".join(json.dumps(c) for c in CASES))
        out.write("\n]}\n")
