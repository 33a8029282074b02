; A node is captured once, so that no order of patterns matters.

(line_comment) @comment
(block_comment) @comment
(string) @string
[(integer) (size)] @number
(float) @number.float

["net" "let" "block" "where" "output" "auxiliary" "as" "expect" "train"] @keyword
"use" @keyword.import
["=>" "|" "=" "*" "/" "+" "-" ">=" "<=" ">" "<"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":"] @punctuation.delimiter

; Names that are given.
(net name: (name) @module)
(constant name: (name) @constant)
(block name: (name) @function)
(parameters (name) @variable.parameter)
(head name: (name) @variable)
(tap name: (name) @variable)
(recipe name: (name) @label)

; Layers are in capitals, blocks are not.
((call name: (name) @type) (#match? @type "^[A-Z][A-Z0-9_]*$"))
((call name: (name) @function.call) (#not-match? @function.call "^[A-Z][A-Z0-9_]*$"))
(row name: (name) @type)

; Options, entries of recipes, what is claimed.
(named name: (name) @variable.parameter)
(setting name: (name) @property)
(claim quantity: (name) @property)

; Values.
((variable) @boolean (#any-of? @boolean "true" "false"))
((variable) @constant.builtin (#any-of? @constant.builtin "same" "valid"))
((variable) @variable (#not-any-of? @variable "true" "false" "same" "valid"))
