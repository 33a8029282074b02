// The syntax of grammar/net.pest, for editors: what is valid there parses here to the same tree, and some more does. What net.pest says
// in one rule stands here in several where an LR parser must know early what pest finds out by trying.
//
// `generate/` writes src/parser.c and its neighbours from this file.

const list = (rule) => seq(rule, repeat(seq(",", rule)), optional(","));

module.exports = grammar({
  name: "netc",

  // Block comments nest: src/scanner.c reads them.
  externals: ($) => [$.block_comment],
  extras: ($) => [/[ \t\r\n]/, $.line_comment, $.block_comment],
  word: ($) => $.name,
  reserved: { global: () => ["net", "use", "let", "block", "where", "expect", "train", "as"] },
  inline: ($) => [$._word, $._number, $._entry],
  conflicts: ($) => [
    // A name behind a comma is the row's next entry, or the next row's: what follows it tells.
    [$.row],
    // A name behind a row is the next row's, or begins a chain.
    [$.table],
    // `output` begins an item or a chain; another `output` behind it is a name or the next item.
    [$._item_and_chain],
    [$._table_and_chain],
    [$._head_of_tap, $._head_of_chain, $.call],
  ],

  rules: {
    // A chain ends where no arrow follows. Another may follow it only if it begins with INPUT; behind other items any may.
    file: ($) =>
      seq(
        optional($.chain),
        repeat(
          choice(
            $._item_and_chain,
            $._table_and_chain,
            $.block,
            alias($._head_of_chain, $.head),
            alias($._chain_of_input, $.chain),
          ),
        ),
      ),
    _item_and_chain: ($) => seq($._item, optional($.chain)),
    _table_and_chain: ($) => seq($.table, optional(alias($._chain_behind_table, $.chain))),
    _item: ($) => choice($.net, $.use, $.constant, $.claim, $.recipe, alias($._head_of_tap, $.head)),

    net: ($) => seq("net", field("name", $._word)),
    use: ($) => seq("use", field("path", $.string)),
    constant: ($) => seq("let", field("name", $._word), "=", field("value", $._value)),
    block: ($) =>
      seq(
        "block",
        field("name", $._word),
        optional(field("parameters", $.parameters)),
        "=",
        field("body", $.chain),
      ),
    parameters: ($) => seq("(", optional(seq($._word, repeat(seq(",", $._word)))), optional(","), ")"),
    // Where `output` may be several things, it is an entry first, then this, then a layer.
    _head_of_tap: ($) => prec.dynamic(1, seq(choice("output", "auxiliary"), field("name", $._word))),
    _head_of_chain: ($) =>
      prec.dynamic(
        1,
        seq(choice("output", "auxiliary"), field("name", $._word), "=", field("body", $.chain)),
      ),

    // Chains.
    chain: ($) => seq($.stage, repeat(seq("=>", $.stage))),
    stage: ($) => seq(choice($.call, $.group, $.branches), optional($.repeat), optional($.tap)),
    repeat: ($) =>
      seq("*", field("count", choice($._number, $.tuple, alias($._word, $.variable)))),
    tap: ($) => seq("as", field("name", $._word)),
    group: ($) => seq("(", $.chain, ")"),
    branches: ($) => seq("[", $.chain, repeat(seq("|", $.chain)), "]"),
    call: ($) => seq(field("name", $._word), optional(field("arguments", $.arguments))),

    // Where INPUT must begin the chain, and where only a name may.
    _chain_of_input: ($) =>
      seq(alias($._stage_of_input, $.stage), repeat(seq("=>", $.stage))),
    _stage_of_input: ($) =>
      seq(alias($._call_of_input, $.call), optional($.repeat), optional($.tap)),
    _call_of_input: ($) =>
      seq(field("name", alias("INPUT", $.name)), optional(field("arguments", $.arguments))),
    _chain_behind_table: ($) =>
      prec.dynamic(-1, seq(alias($._stage_of_call, $.stage), repeat(seq("=>", $.stage)))),
    _stage_of_call: ($) => seq($.call, optional($.repeat), optional($.tap)),

    // Values.
    arguments: ($) => seq("(", optional(list($._argument)), ")"),
    _argument: ($) => choice($.named, $.pair, $._value),
    named: ($) => seq(field("name", $._word), "=", field("value", $._value)),
    pair: ($) => seq(field("key", $._value), ":", field("value", $._value)),
    _value: ($) =>
      choice(
        $.binary,
        $.negative,
        $._number,
        $.string,
        $.list,
        $.tuple,
        alias($._call_with_arguments, $.call),
        alias($._word, $.variable),
      ),
    // Behind a name `(` holds arguments; it begins no network.
    _call_with_arguments: ($) => prec(1, seq(field("name", $._word), field("arguments", $.arguments))),
    binary: ($) =>
      choice(
        prec.left(1, seq(field("left", $._value), field("operator", choice("+", "-")), field("right", $._value))),
        prec.left(2, seq(field("left", $._value), field("operator", choice("*", "/")), field("right", $._value))),
      ),
    negative: ($) => prec(3, seq("-", field("value", $._value))),
    tuple: ($) => seq("(", list($._argument), ")"),
    list: ($) => seq("[", optional(list($._argument)), "]"),

    // Tables, claims, recipes.
    table: ($) => seq("where", repeat1($.row)),
    row: ($) =>
      seq(
        field("name", choice($._word, alias("INPUT", $.name))),
        "=",
        field("entry", $._entry),
        repeat(prec.dynamic(3, seq(",", field("entry", $._entry)))),
        optional(","),
      ),
    // Parentheses hold the arguments of one layer; there may be none.
    _entry: ($) => choice($._value, alias($._no_arguments, $.tuple)),
    _no_arguments: () => seq("(", ")"),
    claim: ($) =>
      seq(
        "expect",
        field("quantity", $._word),
        field("relation", choice(">=", "<=", ">", "<", "=")),
        field("value", $._value),
      ),
    recipe: ($) =>
      seq("train", optional(field("name", $._word)), "{", repeat(seq($.setting, optional(","))), "}"),
    setting: ($) => seq(field("name", $._word), "=", field("value", choice($._value, $.pipeline))),
    pipeline: ($) => seq($._value, repeat1(seq("=>", $._value))),

    // Tokens. `output` and `auxiliary` begin an item only where a name follows them.
    _word: ($) => choice($.name, alias("output", $.name), alias("auxiliary", $.name)),
    name: () => /[A-Za-z_][A-Za-z0-9_]*/,
    _number: ($) => choice($.size, $.float, $.integer),
    integer: () => /[0-9][0-9_]*/,
    float: () => /[0-9][0-9_]*(\.[0-9][0-9_]*([eE][+-]?[0-9][0-9_]*)?|[eE][+-]?[0-9][0-9_]*)/,
    size: () => /[0-9][0-9_]*(x[0-9][0-9_]*)+/,
    string: () => /"(\\[^\r\n]|[^"\\\r\n])*"/,
    line_comment: () => /\/\/[^\r\n]*/,
  },
});
