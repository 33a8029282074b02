; As editors/tree-sitter-netc/queries/highlights.scm, in the names that Helix' themes know.

(line_comment) @comment.line
(block_comment) @comment.block
(string) @string
[(integer) (size)] @constant.numeric.integer
(float) @constant.numeric.float

["net" "let" "block" "output" "auxiliary"] @keyword.storage
["where" "as" "expect" "train"] @keyword
"use" @keyword.control.import
["=>" "|" "=" "*" "/" "+" "-" ">=" "<=" ">" "<"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":"] @punctuation.delimiter

; Names that are given.
(net name: (name) @namespace)
(constant name: (name) @constant)
(block name: (name) @function)
(parameters (name) @variable.parameter)
(head name: (name) @variable)
(tap name: (name) @variable)
(recipe name: (name) @label)

; Layers are in capitals, blocks are not.
((call name: (name) @type) (#match? @type "^[A-Z][A-Z0-9_]*$"))
((call name: (name) @function) (#not-match? @function "^[A-Z][A-Z0-9_]*$"))
(row name: (name) @type)

; Options, entries of recipes, what is claimed.
(named name: (name) @variable.parameter)
(setting name: (name) @variable.other.member)
(claim quantity: (name) @variable.other.member)

; Values.
((variable) @constant.builtin.boolean (#any-of? @constant.builtin.boolean "true" "false"))
((variable) @constant.builtin (#any-of? @constant.builtin "same" "valid"))
((variable) @variable (#not-any-of? @variable "true" "false" "same" "valid"))
