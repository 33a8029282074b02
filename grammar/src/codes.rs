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
}
