[(block) (table) (recipe) (group) (branches) (arguments) (tuple) (list)] @indent.begin
[")" "]" "}"] @indent.branch @indent.end
(block_comment) @indent.auto
