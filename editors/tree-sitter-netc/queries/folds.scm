[(block) (table) (recipe) (group) (branches) (arguments) (list) (block_comment)] @fold
(file (chain) @fold)
