(file) @local.scope
(block) @local.scope

(constant name: (name) @local.definition.constant)
(parameters (name) @local.definition.parameter)
(tap name: (name) @local.definition.var)
; A block is known outside itself.
((block name: (name) @local.definition.function) (#set! definition.function.scope "parent"))

(call name: (name) @local.reference)
(variable) @local.reference
