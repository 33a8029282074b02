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
}
