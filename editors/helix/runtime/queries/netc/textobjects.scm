(block body: (_) @function.inside) @function.around
[(line_comment) (block_comment)] @comment.inside
(line_comment)+ @comment.around
(parameters (_) @parameter.inside)
(arguments (_) @parameter.inside)
