[(block) (table) (recipe) (group) (branches) (arguments) (tuple) (list)] @indent
[")" "]" "}"] @outdent
