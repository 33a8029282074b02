#!/usr/bin/env python3
"""Reads .net files and counts: a second, independent reading of the language, to hold the compiler's against.

    python3 count.py ../../models/*.net ../networks/*.net

Prints a row per file and judges its `expect` claims (params, trainable, macs, output); exit code 1 when one is false.
Needs the standard library alone. It takes correct files: its messages are for the person who changes it, and recipes
(`train { }`) are skipped. `load(path)` gives the layers in order of expansion, for crosscheck.py to run."""

import math, os, re, sys
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)|(?P<string>"[^"]*")|(?P<size>\d[\d_]*(?:x\d[\d_]*)+)
    |(?P<float>\d[\d_]*(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+))|(?P<int>\d[\d_]*)|(?P<name>[A-Za-z_]\w*)
    |(?P<punct>=>|>=|<=|[-+*/=<>()\[\]{},|:])""",
    re.X,
)
ITEMS = {"net", "use", "let", "block", "where", "expect", "train"}
ALIASES = {"MAXPOOL": "POOL"}
# Names of the positional arguments, in order.
ARGS = {
    "INPUT": ["shape", "scale", "mean", "std"],
    "CONV": ["filters", "kernel", "pad", "stride", "dilation", "groups", "bias", "connect"],
    "DWCONV": ["kernel", "pad", "stride", "dilation", "bias"],
    "FC": ["units", "bias"],
    "POOL": ["window", "pad", "stride"], "AVGPOOL": ["window", "pad", "stride"], "GLOBALPOOL": [],
    "BN": ["eps", "momentum"], "LRN": ["n", "k", "alpha", "beta"], "DROPOUT": ["p"],
    "RELU": [], "RELU6": [], "LEAKY_RELU": ["slope"], "ELU": [], "GELU": [], "SILU": [], "SIGMOID": [], "TANH": [],
    "LECUN_TANH": [], "SOFTMAX": [], "FLATTEN": ["order"], "PAD": ["pad"], "UPSAMPLE": ["factor"],
    "SUBSAMPLE": ["window"], "RBF": ["classes"],
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """`3x3/2`: the numbers, and the stride where one is written."""

    dims: tuple
    stride: tuple = None


@dataclass
class Layer:
    kind: str
    name: str
    args: dict
    inputs: list  # indices of the layers it reads
    shape: tuple  # (h, w, c) or (n,)
    tensors: dict = field(default_factory=dict)  # weight name: shape
    trainable: int = 0
    params: int = 0
    macs: int = 0


# ---- text to syntax ----------------------------------------------------------------------------------------------------


def block_comments(text):
    """Rust's block comments nest; they become spaces."""
    out, depth = [], 0
    for part in re.split(r"(/\*|\*/|//[^\n]*)", text):
        depth += (part == "/*") - (part == "*/")
        out.append(part if depth == 0 and part != "*/" else " ")
    return "".join(out)


class Parser:
    def __init__(self, text):
        text, self.tokens, at = block_comments(text), [], 0
        while at < len(text):
            m = TOKEN.match(text, at)
            assert m, f"cannot read {text[at:at + 20]!r}"
            at = m.end()
            if m.lastgroup != "space":
                self.tokens.append((m.lastgroup, m.group()))
        self.at = 0

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ("end", "")

    def take(self, text=None, kind=None):
        k, t = self.peek()
        assert text in (None, t) and kind in (None, k), f"expected {text or kind}, found {t!r}"
        self.at += 1
        return t

    def got(self, text):
        if self.peek()[1] == text and self.peek()[0] != "string":
            self.at += 1
            return True
        return False

    def file(self):
        items = []
        while self.peek()[0] != "end":
            word = self.peek()[1]
            if word not in ITEMS:
                items.append(("chain", self.chain()))
                continue
            self.take()
            if word == "net":
                items.append(("net", self.take(kind="name")))
            elif word == "use":
                items.append(("use", self.take(kind="string")[1:-1]))
            elif word == "let":
                name = self.take(kind="name")
                self.take("=")
                items.append(("let", name, self.expr()))
            elif word == "block":
                name, params = self.take(kind="name"), []
                if self.got("("):
                    while not self.got(")"):
                        params.append(self.take(kind="name"))
                        self.got(",")
                self.take("=")
                items.append(("block", name, params, self.chain()))
            elif word == "where":
                rows = {}
                while self.peek()[0] == "name" and self.peek(1)[1] == "=":
                    kind, entries = self.take(), []
                    self.take("=")
                    while True:
                        entries.append(self.args() if self.got("(") else [(None, self.expr())])
                        if not self.got(","):
                            break
                    rows[kind] = entries
                items.append(("where", rows))
            elif word == "expect":
                items.append(("expect", self.take(kind="name"), self.take(), self.expr()))
            elif word == "train":
                while not self.got("{"):
                    self.take()
                depth = 1
                while depth:
                    t = self.take()
                    depth += (t == "{") - (t == "}")
        return items

    def chain(self):
        stages = [self.stage()]
        while self.got("=>"):
            stages.append(self.stage())
        return stages

    def stage(self):
        if self.got("("):
            what = ("group", self.chain())
            self.take(")")
        elif self.got("["):
            chains = [self.chain()]
            while self.got("|"):
                chains.append(self.chain())
            self.take("]")
            what = ("branches", chains)
        else:
            what = ("call", self.take(kind="name"), self.args() if self.got("(") else None)
        repeat = self.unary() if self.got("*") else None
        return what, repeat, self.take(kind="name") if self.got("as") else None

    def args(self):
        out = []
        while not self.got(")"):
            name = None
            if self.peek()[0] == "name" and self.peek(1)[1] == "=":
                name = self.take()
                self.take("=")
            out.append((name, self.expr()))
            self.got(",")
        return out

    def expr(self):
        a = self.term()
        while self.peek()[1] in ("+", "-"):
            a = (self.take(), a, self.term())
        return a

    def term(self):
        a = self.unary()
        while self.peek()[1] in ("*", "/"):
            a = (self.take(), a, self.unary())
        return a

    def unary(self):
        if self.got("-"):
            return ("-", ("value", 0), self.unary())
        if self.got("("):
            values = [v for _, v in self.args()]
            return values[0] if len(values) == 1 else ("tuple", values)
        if self.got("["):
            values = []
            while not self.got("]"):
                values.append(self.expr())
                self.got(",")
            return ("tuple", values)
        kind, text = self.peek()
        self.take()
        plain = text.replace("_", "")
        if kind == "int":
            return ("value", int(plain))
        if kind == "float":
            return ("value", float(plain))
        if kind == "size":
            return ("value", Size(tuple(int(d) for d in plain.split("x"))))
        assert kind in ("name", "string"), f"expected a value, found {text!r}"
        return ("value", text[1:-1]) if kind == "string" else ("name", text)


# ---- syntax to layers --------------------------------------------------------------------------------------------------


def evaluate(e, scope):
    if e[0] == "value":
        return e[1]
    if e[0] == "name":
        return {"true": True, "false": False}.get(e[1], scope.get(e[1], e[1]))
    if e[0] == "tuple":
        return tuple(evaluate(v, scope) for v in e[1])
    a, b = evaluate(e[1], scope), evaluate(e[2], scope)
    if e[0] == "/" and isinstance(a, Size):
        return Size(a.dims, b.dims if isinstance(b, Size) else (b, b))
    if e[0] == "/" and isinstance(a, int) and isinstance(b, int):
        assert a % b == 0, f"{a} / {b} leaves a remainder"
        return a // b
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[e[0]]()


def pair(v):
    return v.dims if isinstance(v, Size) else v if isinstance(v, tuple) else (v, v)


def padding(pad, size, window, stride):
    """(top, bottom, left, right) of `pad`; `same` is TensorFlow's."""
    if pad == "valid":
        return (0, 0, 0, 0)
    if pad == "same":
        out = []
        for i, k, s in zip(size, window, stride):
            total = max((math.ceil(i / s) - 1) * s + k - i, 0)
            out += [total // 2, total - total // 2]
        return tuple(out)
    return pad if isinstance(pad, tuple) else (pad,) * 4


class Net:
    def __init__(self, path):
        self.layers, self.counts, self.blocks, self.scope, self.rows, self.chain = [], {}, {}, {}, {}, None
        self.claims, self.title, self.inside = [], os.path.splitext(os.path.basename(path))[0], 0
        self.read(path, main=True)
        for kind in ("INPUT", *self.rows):
            self.rows.setdefault(kind, [])
        self.used = {}
        if self.chain:
            self.out = self.expand(self.chain, None, {}, dict(self.scope))
            for kind, entries in self.rows.items():
                assert len(entries) <= 1 or len(entries) == self.used.get(kind), f"where: {kind} has {len(entries)} entries"

    def read(self, path, main):
        with open(path, encoding="utf-8") as f:
            items = Parser(f.read()).file()
        for item in items:
            if item[0] == "use":
                self.read(os.path.join(os.path.dirname(path), item[1]), main=False)
            elif item[0] == "let":
                self.scope[item[1]] = evaluate(item[2], self.scope)
            elif item[0] == "block":
                self.blocks[item[1]] = item[2:]
            elif main and item[0] == "net":
                self.title = item[1]
            elif main and item[0] == "chain":
                assert self.chain is None, "two chains"
                self.chain = item[1]
            elif main and item[0] == "where":
                self.rows = item[1]
            elif main and item[0] == "expect":
                self.claims.append((item[1], item[2], evaluate(item[3], self.scope)))

    def expand(self, stages, value, taps, scope):
        """Appends the chain's layers; `value` is the index of the layer whose output comes in. Taps end with the chain."""
        taps, pending = dict(taps), None
        for what, repeat, tap in stages:
            for _ in range(1 if repeat is None else evaluate(repeat, scope)):
                if what[0] == "group":
                    value = self.expand(what[1], value, taps, scope)
                elif what[0] == "branches":
                    pending = [self.expand(chain, value, taps, scope) for chain in what[1]]
                elif what[1] in self.blocks:
                    params, body = self.blocks[what[1]]
                    given = {n or params[i]: evaluate(v, scope) for i, (n, v) in enumerate(what[2] or [])}
                    assert sorted(given) == sorted(params), f"block {what[1]}: {given}"
                    self.inside += 1
                    value = self.expand(body, value, {}, {**self.scope, **given})
                    self.inside -= 1
                elif what[1] in ("ADD", "CONCAT"):
                    value = self.join(what[1], (pending or [value]) + [taps[v[1]] for _, v in what[2] or []])
                    pending = None
                elif what[1] != "SKIP":
                    value = self.layer(what[1], what[2], value, scope, tap)
            if tap:
                taps[tap] = value
        return value

    def join(self, kind, inputs):
        shapes = [self.layers[i].shape for i in inputs]
        assert len({s if kind == "ADD" else s[:-1] for s in shapes}) == 1, f"{kind} of {shapes}"
        shape = shapes[0] if kind == "ADD" else (*shapes[0][:-1], sum(s[-1] for s in shapes))
        return self.push(Layer(kind, "", {}, inputs, shape))

    def push(self, layer):
        n = self.counts[layer.kind] = self.counts.get(layer.kind, 0) + 1
        layer.name = layer.name or layer.kind.lower() + str(n)
        self.layers.append(layer)
        return len(self.layers) - 1

    def layer(self, written, given, value, scope, tap):
        kind = ALIASES.get(written, written)
        assert kind in ARGS, f"no such layer: {written}"
        if given is None and not self.inside and self.rows.get(kind):
            n = self.used[kind] = self.used.get(kind, 0) + 1
            entries = self.rows[kind]
            given = entries[0] if len(entries) == 1 else entries[n - 1]
        a = {n or ARGS[kind][i]: evaluate(v, scope) for i, (n, v) in enumerate(given or [])}
        assert set(a) <= set(ARGS[kind]), f"{kind}: {a}"
        if kind == "INPUT":
            shape = a["shape"].dims if isinstance(a["shape"], Size) else (a["shape"],)
            return self.push(Layer(kind, "input", a, [], shape))
        i = self.layers[value].shape
        l = Layer(kind, tap or "", a, [value], i)
        self.push(l)
        window = a.get("kernel", a.get("window"))
        if kind in ("CONV", "DWCONV", "POOL", "AVGPOOL", "SUBSAMPLE"):
            h, w, c = i
            pool = kind not in ("CONV", "DWCONV")
            k = pair(window)
            s = pair(a["stride"]) if "stride" in a else getattr(window, "stride", None) or (k if pool else (1, 1))
            d = pair(a.get("dilation", 1))
            reach = tuple((n - 1) * m + 1 for n, m in zip(k, d))
            p = padding(a.get("pad", "valid"), (h, w), reach, s)
            out = tuple((n + p[2 * j] + p[2 * j + 1] - reach[j]) // s[j] + 1 for j, n in enumerate((h, w)))
            assert min(out) > 0, f"{kind} {window} on {i} gives {out}"
            a.update(window=k, stride=s, dilation=d, pad=p)
            l.shape = (*out, c)
        if kind in ("CONV", "DWCONV"):
            groups = c if kind == "DWCONV" else a.get("groups", 1)
            filters = c if kind == "DWCONV" else a["filters"]
            assert c % groups == 0 and filters % groups == 0, f"{filters} filters of {c} channels in {groups} groups"
            a.update(groups=groups, filters=filters)
            l.shape = (*out, filters)
            l.tensors["weight"] = (filters, c // groups, *k)
            connections = sum(map(len, a["connect"])) if "connect" in a else filters * (c // groups)
            l.trainable = connections * k[0] * k[1]
            l.macs = l.trainable * out[0] * out[1]
        elif kind == "FC":
            n = math.prod(i)
            l.shape = (a["units"],)
            l.tensors["weight"] = (a["units"], n)
            l.trainable = l.macs = a["units"] * n
        elif kind == "BN":
            l.tensors = {t: i[-1:] for t in ("weight", "bias", "running_mean", "running_var")}
            l.trainable, l.params = 2 * i[-1], 4 * i[-1]
        elif kind == "SUBSAMPLE":
            l.tensors = {"coefficient": i[-1:], "bias": i[-1:]}
            l.trainable = 2 * i[-1]
        elif kind == "RBF":
            l.tensors = {"prototypes": (a["classes"], *i)}
            l.shape, l.params = (a["classes"],), a["classes"] * i[0]
        elif kind == "GLOBALPOOL":
            l.shape = i[-1:]
        elif kind == "FLATTEN":
            l.shape = (math.prod(i),)
        elif kind == "PAD":
            p = a["pad"] = padding(a["pad"], None, None, None)
            l.shape = (i[0] + p[0] + p[1], i[1] + p[2] + p[3], i[2])
        elif kind == "UPSAMPLE":
            f = a["factor"] = pair(a["factor"])
            l.shape = (i[0] * f[0], i[1] * f[1], i[2])
        if kind in ("CONV", "DWCONV", "FC") and a.get("bias", True):
            l.tensors["bias"] = l.shape[-1:]
            l.trainable += l.shape[-1]
        l.params = l.params or l.trainable
        return len(self.layers) - 1

    def totals(self):
        out = {q: sum(getattr(l, q) for l in self.layers) for q in ("params", "trainable", "macs")}
        shape = self.layers[self.out].shape
        return {**out, "output": shape[0] if len(shape) == 1 else Size(shape)}


def load(path):
    return Net(path)


def main(paths):
    print(f"{'file':24} {'params':>12} {'trainable':>12} {'macs':>15}  output")
    false = 0
    for path in paths:
        net, name = load(path), os.path.splitext(os.path.basename(path))[0]
        if not net.chain:
            continue
        t = net.totals()
        out = "x".join(map(str, t["output"].dims)) if isinstance(t["output"], Size) else t["output"]
        print(f"{name:24} {t['params']:12,} {t['trainable']:12,} {t['macs']:15,}  {out}")
        for quantity, relation, value in net.claims:
            if quantity in t and not (relation == "=" and t[quantity] == value):
                false += 1
                print(f"  claim is false: {quantity} {relation} {value}, counted {t[quantity]}")
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
