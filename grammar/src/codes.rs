//! Every diagnostic code, with its title and its long text (`netc explain E0101`).
//!
//! E01xx: the text itself (syntax, encoding, limits). E02xx: names and values (unknown, twice, recursive, wrong type).
//! E03xx: layers and their options. E04xx: shapes. E05xx: claims. E06xx: recipes. E07xx: files. W0xxx: warnings.

macro_rules! codes {
    ($($code:ident $title:literal)*) => {
        /// A stable diagnostic code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $title] $code,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$code,)*];

            /// The code as printed: `E0101`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            /// One line on what the code means in general.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// The long text, Markdown: what it means, an example that gives it, how to mend it.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$code => include_str!(concat!("../codes/", stringify!($code), ".md")),)* }
            }

            /// The code with this name, in any case: `e0101`.
            #[must_use]
            pub fn parse(name: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|c| c.as_str().eq_ignore_ascii_case(name))
            }
        }
    };
}

codes! {
    E0101 "the text is not valid netc syntax"
    E0102 "a character that is not part of the language"
    E0103 "something else in place of `=>`"
    E0104 "no `=>` between two stages"
    E0105 "a bracket that is not closed"
    E0106 "a closing bracket that closes nothing"
    E0107 "something else in place of `=`"
    E0108 "an invisible or control character"
    E0109 "a character that changes the direction of the text"
    E0110 "a string that is not closed"
    E0111 "a text that does not stand in double quotes"
    E0112 "a number that is not well formed"
    E0113 "a number that is too large"
    E0114 "a comment that is not closed"
    E0115 "a comment that begins with `#`"
    E0116 "a semicolon"
    E0117 "a keyword as a name"
    E0118 "no comma between two values"
    E0119 "a size that is not written as one word"
    E0120 "branches that are not written as `[ a | b ]`"
    E0121 "a constant that is not written as `let name = value`"
    E0122 "a row of sizes outside a `where` table"
    E0123 "an unknown escape in a string"
    E0130 "the file is too large"
    E0131 "nested too deeply"
    E0132 "an empty file"
    E0133 "a file that is not UTF-8"
    E0134 "too many syntax errors"
    E0201 "a value that is not defined"
    E0202 "a name that is defined twice"
    E0203 "a name that belongs to the language"
    E0204 "a definition that uses itself"
    E0205 "a value of a kind that cannot be computed with"
    E0206 "a division with a remainder"
    E0207 "a number that is too large, or a division by zero"
    E0208 "arguments that do not fit a block's parameters"
    E0209 "a tap that is not in sight"
    E0210 "a name for a stage that is taken"
    E0211 "a name that used files define differently"
    E0212 "more than one `net` line"
    E0213 "more than one chain"
    E0214 "no chain"
    E0215 "a chain without INPUT"
    E0216 "INPUT inside a chain"
    E0217 "a network of too many stages"
    E0218 "blocks nested too deeply"
    E0219 "an output that the network has already"
    E0220 "an output that begins with no tap"
    E0301 "an unknown layer or block"
    E0302 "an unknown option"
    E0303 "an option that is given twice"
    E0304 "too many arguments"
    E0305 "a missing argument"
    E0306 "an argument of the wrong kind"
    E0307 "an argument out of range"
    E0308 "branches that are not joined"
    E0309 "a join with nothing to join"
    E0310 "a single branch"
    E0312 "a row of the `where` table that names no layer, or one twice"
    E0313 "a row with too many or too few entries"
    E0314 "a repeat that is not a whole number"
    E0315 "a name for branches that are not joined"
    E0401 "a window that does not fit"
    E0402 "a vector where a picture is needed"
    E0403 "groups that do not divide the channels"
    E0404 "a connection table that does not fit"
    E0405 "numbers that do not match the channels"
    E0406 "a pooling window that sees padding only"
    E0407 "shapes that cannot be added"
    E0408 "pictures that cannot stand beside each other"
    E0409 "a value that is too large"
    E0410 "a layer with too many weights"
    E0411 "a network with too many weights"
    E0501 "a claim about something unknown"
    E0502 "a claim that cannot be judged"
    E0503 "a claim that does not hold"
    E0601 "an unknown key of a recipe"
    E0602 "a key of a recipe that is set twice"
    E0603 "an unknown value of a recipe"
    E0604 "steps that make no sense"
    E0605 "two recipes of the same name"
    E0606 "a recipe that does not exist"
    E0607 "a loss that does not fit the network"
    E0608 "nothing to train"
    E0609 "a recipe that does not say what to learn from"
    E0610 "a loss for an output that cannot have it"
    E0611 "a layer that cannot be frozen"
    E0701 "a file that cannot be read"
    E0702 "files that use each other"
    E0703 "a network that is used by another"
    E0704 "too many files"
    W0001 "a definition that nothing uses"
    W0002 "a parameter that nothing uses"
    W0003 "a row of the `where` table that serves no layer"
    W0004 "a repeat of 0"
    W0005 "the same activation twice in a row"
    W0006 "padding that was probably meant as a stride"
    W0007 "a shape with its channels first"
    W0008 "an output that a recipe does not train"
}
