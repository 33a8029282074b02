// Generated from net.pest by `NETC_UPDATE=1 cargo test -p generate-parser`.

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    ///End-of-input
    EOI,
    r#file,
    r#item,
    r#net,
    r#import,
    r#constant,
    r#block,
    r#params,
    r#param,
    r#network,
    r#head,
    r#input,
    r#chain,
    r#further,
    r#arrow,
    r#place,
    r#stage,
    r#repeat,
    r#count,
    r#tap,
    r#group,
    r#branches,
    r#bar,
    r#call,
    r#args,
    r#arg,
    r#some_arg,
    r#argument,
    r#key,
    r#pair,
    r#value,
    r#expr,
    r#product,
    r#unary,
    r#atom,
    r#paren,
    r#list,
    r#values,
    r#one,
    r#some_one,
    r#plus,
    r#minus,
    r#times,
    r#divide,
    r#table,
    r#row,
    r#entries,
    r#entry,
    r#row_equals,
    r#operator,
    r#claim,
    r#relation,
    r#recipe,
    r#settings,
    r#setting,
    r#steps,
    r#pipeline,
    r#lone_value,
    r#name,
    r#new_name,
    r#keyword,
    r#NET,
    r#USE,
    r#LET,
    r#BLOCK,
    r#WHERE,
    r#EXPECT,
    r#TRAIN,
    r#AS,
    r#OUTPUT,
    r#AUXILIARY,
    r#begins_head,
    r#number,
    r#integer,
    r#float,
    r#size,
    r#digits,
    r#fraction,
    r#exponent,
    r#string,
    r#is,
    r#equals,
    r#word_char,
    r#end_of_word,
    r#end_of_number,
    r#WHITESPACE,
    r#COMMENT,
    r#line_comment,
    r#block_comment,
    r#bad_item,
    r#bad_assignment,
    r#bad_chain,
    r#bad_lead,
    r#bad_comma,
    r#bad_bar,
    r#bad_arrow,
    r#bad_trailing_comma,
    r#bad_times,
    r#bad_times_number,
    r#bad_in_chain,
    r#bad_stage,
    r#bad_count,
    r#bad_let,
    r#bad_naming,
    r#bad_net_name,
    r#bad_setting,
    r#bad_equals,
    r#bad_is,
    r#bad_rest,
    r#bad_relation,
    r#bad_thousands,
    r#bad_path,
    r#bad_name,
    r#bad_new_name,
    r#bad_size,
    r#bad_number,
    r#junk,
    r#bad_token,
    r#bad_braces,
    r#next_item,
    r#keyword_as_name,
    r#no_name,
    r#no_path,
    r#no_stage,
    r#no_arrow,
    r#no_count,
    r#no_value,
    r#no_entry,
    r#no_comma,
    r#no_entry_comma,
    r#no_equals,
    r#no_relation,
    r#no_row,
    r#no_open,
    r#no_close,
}
impl Rule {
    pub fn all_rules() -> &'static [Rule] {
        &[
            Rule::r#file,
            Rule::r#item,
            Rule::r#net,
            Rule::r#import,
            Rule::r#constant,
            Rule::r#block,
            Rule::r#params,
            Rule::r#param,
            Rule::r#network,
            Rule::r#head,
            Rule::r#input,
            Rule::r#chain,
            Rule::r#further,
            Rule::r#arrow,
            Rule::r#place,
            Rule::r#stage,
            Rule::r#repeat,
            Rule::r#count,
            Rule::r#tap,
            Rule::r#group,
            Rule::r#branches,
            Rule::r#bar,
            Rule::r#call,
            Rule::r#args,
            Rule::r#arg,
            Rule::r#some_arg,
            Rule::r#argument,
            Rule::r#key,
            Rule::r#pair,
            Rule::r#value,
            Rule::r#expr,
            Rule::r#product,
            Rule::r#unary,
            Rule::r#atom,
            Rule::r#paren,
            Rule::r#list,
            Rule::r#values,
            Rule::r#one,
            Rule::r#some_one,
            Rule::r#plus,
            Rule::r#minus,
            Rule::r#times,
            Rule::r#divide,
            Rule::r#table,
            Rule::r#row,
            Rule::r#entries,
            Rule::r#entry,
            Rule::r#row_equals,
            Rule::r#operator,
            Rule::r#claim,
            Rule::r#relation,
            Rule::r#recipe,
            Rule::r#settings,
            Rule::r#setting,
            Rule::r#steps,
            Rule::r#pipeline,
            Rule::r#lone_value,
            Rule::r#name,
            Rule::r#new_name,
            Rule::r#keyword,
            Rule::r#NET,
            Rule::r#USE,
            Rule::r#LET,
            Rule::r#BLOCK,
            Rule::r#WHERE,
            Rule::r#EXPECT,
            Rule::r#TRAIN,
            Rule::r#AS,
            Rule::r#OUTPUT,
            Rule::r#AUXILIARY,
            Rule::r#begins_head,
            Rule::r#number,
            Rule::r#integer,
            Rule::r#float,
            Rule::r#size,
            Rule::r#digits,
            Rule::r#fraction,
            Rule::r#exponent,
            Rule::r#string,
            Rule::r#is,
            Rule::r#equals,
            Rule::r#word_char,
            Rule::r#end_of_word,
            Rule::r#end_of_number,
            Rule::r#WHITESPACE,
            Rule::r#COMMENT,
            Rule::r#line_comment,
            Rule::r#block_comment,
            Rule::r#bad_item,
            Rule::r#bad_assignment,
            Rule::r#bad_chain,
            Rule::r#bad_lead,
            Rule::r#bad_comma,
            Rule::r#bad_bar,
            Rule::r#bad_arrow,
            Rule::r#bad_trailing_comma,
            Rule::r#bad_times,
            Rule::r#bad_times_number,
            Rule::r#bad_in_chain,
            Rule::r#bad_stage,
            Rule::r#bad_count,
            Rule::r#bad_let,
            Rule::r#bad_naming,
            Rule::r#bad_net_name,
            Rule::r#bad_setting,
            Rule::r#bad_equals,
            Rule::r#bad_is,
            Rule::r#bad_rest,
            Rule::r#bad_relation,
            Rule::r#bad_thousands,
            Rule::r#bad_path,
            Rule::r#bad_name,
            Rule::r#bad_new_name,
            Rule::r#bad_size,
            Rule::r#bad_number,
            Rule::r#junk,
            Rule::r#bad_token,
            Rule::r#bad_braces,
            Rule::r#next_item,
            Rule::r#keyword_as_name,
            Rule::r#no_name,
            Rule::r#no_path,
            Rule::r#no_stage,
            Rule::r#no_arrow,
            Rule::r#no_count,
            Rule::r#no_value,
            Rule::r#no_entry,
            Rule::r#no_comma,
            Rule::r#no_entry_comma,
            Rule::r#no_equals,
            Rule::r#no_relation,
            Rule::r#no_row,
            Rule::r#no_open,
            Rule::r#no_close,
        ]
    }
}
impl ::pest::Parser<Rule> for NetParser {
    fn parse<'i>(
        rule: Rule,
        input: &'i str,
    ) -> ::std::result::Result<
        ::pest::iterators::Pairs<'i, Rule>,
        ::pest::error::Error<Rule>,
    > {
        mod rules {
            pub mod hidden {
                use super::super::Rule;
                #[inline]
                pub fn skip(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    if state.atomicity() == ::pest::Atomicity::NonAtomic {
                        state
                            .sequence(|state| {
                                state
                                    .repeat(|state| super::visible::WHITESPACE(state))
                                    .and_then(|state| {
                                        state
                                            .repeat(|state| {
                                                state
                                                    .sequence(|state| {
                                                        super::visible::COMMENT(state)
                                                            .and_then(|state| {
                                                                state.repeat(|state| super::visible::WHITESPACE(state))
                                                            })
                                                    })
                                            })
                                    })
                            })
                    } else {
                        Ok(state)
                    }
                }
            }
            pub mod visible {
                use super::super::Rule;
                #[inline]
                pub fn r#file(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#file,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#SOI(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#item(state)
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| { self::r#item(state) })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#EOI(state) })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#item(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#net(state)
                        .or_else(|state| { self::r#bad_naming(state) })
                        .or_else(|state| { self::r#import(state) })
                        .or_else(|state| { self::r#constant(state) })
                        .or_else(|state| { self::r#block(state) })
                        .or_else(|state| { self::r#table(state) })
                        .or_else(|state| { self::r#claim(state) })
                        .or_else(|state| { self::r#recipe(state) })
                        .or_else(|state| { self::r#head(state) })
                        .or_else(|state| { self::r#bad_assignment(state) })
                        .or_else(|state| { self::r#network(state) })
                        .or_else(|state| { self::r#bad_item(state) })
                }
                #[inline]
                pub fn r#net(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#net,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#NET(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#bad_net_name(state)
                                                    .or_else(|state| { self::r#new_name(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#import(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#import,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#USE(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#string(state)
                                                    .or_else(|state| { self::r#bad_path(state) })
                                                    .or_else(|state| { self::r#no_path(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#constant(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#constant,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#LET(state)
                                            .or_else(|state| { self::r#bad_let(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#new_name(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#equals(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#bad_chain(state)
                                                    .or_else(|state| { self::r#value(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#block(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#block,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#BLOCK(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#new_name(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#params(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#equals(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#chain(state) })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#params(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#params,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("(")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .optional(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                self::r#param(state)
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .sequence(|state| {
                                                                                state
                                                                                    .optional(|state| {
                                                                                        state
                                                                                            .sequence(|state| {
                                                                                                state
                                                                                                    .match_string(",")
                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                    .and_then(|state| { self::r#param(state) })
                                                                                            })
                                                                                            .or_else(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#no_comma(state)
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| { self::r#param(state) })
                                                                                                    })
                                                                                            })
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .repeat(|state| {
                                                                                                        state
                                                                                                            .sequence(|state| {
                                                                                                                super::hidden::skip(state)
                                                                                                                    .and_then(|state| {
                                                                                                                        state
                                                                                                                            .sequence(|state| {
                                                                                                                                state
                                                                                                                                    .match_string(",")
                                                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                    .and_then(|state| { self::r#param(state) })
                                                                                                                            })
                                                                                                                            .or_else(|state| {
                                                                                                                                state
                                                                                                                                    .sequence(|state| {
                                                                                                                                        self::r#no_comma(state)
                                                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                            .and_then(|state| { self::r#param(state) })
                                                                                                                                    })
                                                                                                                            })
                                                                                                                    })
                                                                                                            })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { state.match_string(",") })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string(")")
                                                    .or_else(|state| { self::r#no_close(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#param(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .sequence(|state| {
                            self::r#name(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    self::r#junk(state)
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| { self::r#junk(state) })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    self::r#bad_name(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .optional(|state| {
                                                            self::r#junk(state)
                                                                .and_then(|state| {
                                                                    state
                                                                        .repeat(|state| {
                                                                            state
                                                                                .sequence(|state| {
                                                                                    super::hidden::skip(state)
                                                                                        .and_then(|state| { self::r#junk(state) })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    self::r#junk(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .optional(|state| {
                                                            self::r#junk(state)
                                                                .and_then(|state| {
                                                                    state
                                                                        .repeat(|state| {
                                                                            state
                                                                                .sequence(|state| {
                                                                                    super::hidden::skip(state)
                                                                                        .and_then(|state| { self::r#junk(state) })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                }
                #[inline]
                pub fn r#network(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#network,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#stage(state)
                                            .or_else(|state| {
                                                state
                                                    .sequence(|state| {
                                                        self::r#bad_lead(state)
                                                            .and_then(|state| { super::hidden::skip(state) })
                                                            .and_then(|state| { self::r#place(state) })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#further(state)
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| { self::r#further(state) })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#head(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#head,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#OUTPUT(state)
                                            .or_else(|state| { self::r#AUXILIARY(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#name(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .optional(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                self::r#is(state)
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| { self::r#chain(state) })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#input(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#input,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("INPUT")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#chain(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#chain,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .optional(|state| { self::r#bad_lead(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#place(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#further(state)
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| { self::r#further(state) })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#further(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .sequence(|state| {
                            self::r#arrow(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#place(state) })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    self::r#bad_arrow(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#place(state) })
                                })
                        })
                        .or_else(|state| { self::r#bad_trailing_comma(state) })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    self::r#bad_comma(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#place(state) })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    self::r#no_arrow(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#stage(state) })
                                })
                        })
                        .or_else(|state| { self::r#bad_in_chain(state) })
                }
                #[inline]
                pub fn r#arrow(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#arrow, |state| { state.match_string("=>") })
                }
                #[inline]
                pub fn r#place(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#stage(state)
                        .or_else(|state| { self::r#bad_stage(state) })
                        .or_else(|state| { self::r#no_stage(state) })
                }
                #[inline]
                pub fn r#stage(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#stage,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#call(state)
                                            .or_else(|state| { self::r#group(state) })
                                            .or_else(|state| { self::r#branches(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#repeat(state)
                                                                    .or_else(|state| { self::r#tap(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                self::r#repeat(state)
                                                                                                    .or_else(|state| { self::r#tap(state) })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#repeat(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#repeat,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("*")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#count(state)
                                                    .or_else(|state| { self::r#no_count(state) })
                                            })
                                    })
                                    .or_else(|state| {
                                        state
                                            .sequence(|state| {
                                                self::r#bad_times(state)
                                                    .and_then(|state| { super::hidden::skip(state) })
                                                    .and_then(|state| { self::r#integer(state) })
                                            })
                                    })
                                    .or_else(|state| { self::r#bad_times_number(state) })
                            },
                        )
                }
                #[inline]
                pub fn r#count(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#number(state)
                        .or_else(|state| { self::r#paren(state) })
                        .or_else(|state| { self::r#name(state) })
                }
                #[inline]
                pub fn r#tap(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#tap,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#AS(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#new_name(state) })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#group(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#group,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("(")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#chain(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        self::r#bad_bar(state)
                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                            .and_then(|state| { self::r#chain(state) })
                                                                    })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#bad_bar(state)
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| { self::r#chain(state) })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string(")")
                                                    .or_else(|state| { self::r#no_close(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#branches(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#branches,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("[")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#chain(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        self::r#bar(state)
                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                            .and_then(|state| { self::r#chain(state) })
                                                                    })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#bar(state)
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| { self::r#chain(state) })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string("]")
                                                    .or_else(|state| { self::r#no_close(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bar(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.match_string("|")
                }
                #[inline]
                pub fn r#call(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#call,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#name(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#args(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#args(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#args,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("(")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .optional(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                self::r#arg(state)
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .sequence(|state| {
                                                                                state
                                                                                    .optional(|state| {
                                                                                        state
                                                                                            .sequence(|state| {
                                                                                                state
                                                                                                    .match_string(",")
                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                    .and_then(|state| { self::r#arg(state) })
                                                                                            })
                                                                                            .or_else(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#no_comma(state)
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| { self::r#some_arg(state) })
                                                                                                    })
                                                                                            })
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .repeat(|state| {
                                                                                                        state
                                                                                                            .sequence(|state| {
                                                                                                                super::hidden::skip(state)
                                                                                                                    .and_then(|state| {
                                                                                                                        state
                                                                                                                            .sequence(|state| {
                                                                                                                                state
                                                                                                                                    .match_string(",")
                                                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                    .and_then(|state| { self::r#arg(state) })
                                                                                                                            })
                                                                                                                            .or_else(|state| {
                                                                                                                                state
                                                                                                                                    .sequence(|state| {
                                                                                                                                        self::r#no_comma(state)
                                                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                            .and_then(|state| { self::r#some_arg(state) })
                                                                                                                                    })
                                                                                                                            })
                                                                                                                    })
                                                                                                            })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { state.match_string(",") })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string(")")
                                                    .or_else(|state| { self::r#no_close(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#arg(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#some_arg(state).or_else(|state| { self::r#no_entry(state) })
                }
                #[inline]
                pub fn r#some_arg(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .sequence(|state| {
                            self::r#argument(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    self::r#junk(state)
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| { self::r#junk(state) })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    self::r#junk(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .optional(|state| {
                                                            self::r#junk(state)
                                                                .and_then(|state| {
                                                                    state
                                                                        .repeat(|state| {
                                                                            state
                                                                                .sequence(|state| {
                                                                                    super::hidden::skip(state)
                                                                                        .and_then(|state| { self::r#junk(state) })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                }
                #[inline]
                pub fn r#argument(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#argument,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#key(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#value(state) })
                                    })
                                    .or_else(|state| { self::r#pair(state) })
                            },
                        )
                }
                #[inline]
                pub fn r#key(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#key,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#name(state)
                                            .or_else(|state| { self::r#bad_name(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#is(state).or_else(|state| { self::r#bad_is(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#pair(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#pair,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#expr(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .optional(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                state
                                                                    .match_string(":")
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| { self::r#value(state) })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#value(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#expr(state).or_else(|state| { self::r#no_value(state) })
                }
                #[inline]
                pub fn r#expr(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#expr,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#product(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        self::r#plus(state)
                                                                            .or_else(|state| { self::r#minus(state) })
                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                            .and_then(|state| {
                                                                                self::r#product(state)
                                                                                    .or_else(|state| { self::r#no_value(state) })
                                                                            })
                                                                    })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#plus(state)
                                                                                                            .or_else(|state| { self::r#minus(state) })
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| {
                                                                                                                self::r#product(state)
                                                                                                                    .or_else(|state| { self::r#no_value(state) })
                                                                                                            })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#product(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#product,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#unary(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        self::r#times(state)
                                                                            .or_else(|state| { self::r#divide(state) })
                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                            .and_then(|state| {
                                                                                self::r#unary(state)
                                                                                    .or_else(|state| { self::r#no_value(state) })
                                                                            })
                                                                    })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#times(state)
                                                                                                            .or_else(|state| { self::r#divide(state) })
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| {
                                                                                                                self::r#unary(state)
                                                                                                                    .or_else(|state| { self::r#no_value(state) })
                                                                                                            })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#unary(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#unary,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .sequence(|state| {
                                                state
                                                    .optional(|state| {
                                                        self::r#minus(state)
                                                            .and_then(|state| {
                                                                state
                                                                    .repeat(|state| {
                                                                        state
                                                                            .sequence(|state| {
                                                                                super::hidden::skip(state)
                                                                                    .and_then(|state| { self::r#minus(state) })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#atom(state) })
                                    })
                                    .or_else(|state| {
                                        state
                                            .sequence(|state| {
                                                state
                                                    .sequence(|state| {
                                                        self::r#minus(state)
                                                            .and_then(|state| { super::hidden::skip(state) })
                                                            .and_then(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        state
                                                                            .optional(|state| {
                                                                                self::r#minus(state)
                                                                                    .and_then(|state| {
                                                                                        state
                                                                                            .repeat(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        super::hidden::skip(state)
                                                                                                            .and_then(|state| { self::r#minus(state) })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                                    .and_then(|state| { super::hidden::skip(state) })
                                                    .and_then(|state| { self::r#no_value(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#atom(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#number(state)
                        .or_else(|state| { self::r#string(state) })
                        .or_else(|state| { self::r#list(state) })
                        .or_else(|state| { self::r#paren(state) })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .lookahead(false, |state| { self::r#input(state) })
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#call(state) })
                                })
                        })
                        .or_else(|state| { self::r#bad_name(state) })
                }
                #[inline]
                pub fn r#paren(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#paren,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("(")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#values(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string(")")
                                                    .or_else(|state| { self::r#no_close(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#list(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#list,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("[")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#values(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string("]")
                                                    .or_else(|state| { self::r#no_close(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#values(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#one(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            state
                                                                .match_string(",")
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| { self::r#one(state) })
                                                        })
                                                        .or_else(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    self::r#no_comma(state)
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#some_one(state) })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .match_string(",")
                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                .and_then(|state| { self::r#one(state) })
                                                                                        })
                                                                                        .or_else(|state| {
                                                                                            state
                                                                                                .sequence(|state| {
                                                                                                    self::r#no_comma(state)
                                                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                                                        .and_then(|state| { self::r#some_one(state) })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state.optional(|state| { state.match_string(",") })
                                })
                        })
                }
                #[inline]
                pub fn r#one(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#some_one(state).or_else(|state| { self::r#no_entry(state) })
                }
                #[inline]
                pub fn r#some_one(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .sequence(|state| {
                            self::r#pair(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    self::r#junk(state)
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| { self::r#junk(state) })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    self::r#junk(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .optional(|state| {
                                                            self::r#junk(state)
                                                                .and_then(|state| {
                                                                    state
                                                                        .repeat(|state| {
                                                                            state
                                                                                .sequence(|state| {
                                                                                    super::hidden::skip(state)
                                                                                        .and_then(|state| { self::r#junk(state) })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                }
                #[inline]
                pub fn r#plus(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#plus, |state| { state.match_string("+") })
                }
                #[inline]
                pub fn r#minus(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#minus, |state| { state.match_string("-") })
                }
                #[inline]
                pub fn r#times(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#times, |state| { state.match_string("*") })
                }
                #[inline]
                pub fn r#divide(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#divide, |state| { state.match_string("/") })
                }
                #[inline]
                pub fn r#table(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#table,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#WHERE(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        self::r#row(state)
                                                            .and_then(|state| { super::hidden::skip(state) })
                                                            .and_then(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        state
                                                                            .optional(|state| {
                                                                                self::r#row(state)
                                                                                    .and_then(|state| {
                                                                                        state
                                                                                            .repeat(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        super::hidden::skip(state)
                                                                                                            .and_then(|state| { self::r#row(state) })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                                    .or_else(|state| { self::r#no_row(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#row(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#row,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#name(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#row_equals(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#entries(state)
                                                    .or_else(|state| { self::r#no_value(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#entries(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#entry(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            state
                                                                .match_string(",")
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| { self::r#entry(state) })
                                                        })
                                                        .or_else(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    self::r#no_entry_comma(state)
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#entry(state) })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .match_string(",")
                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                .and_then(|state| { self::r#entry(state) })
                                                                                        })
                                                                                        .or_else(|state| {
                                                                                            state
                                                                                                .sequence(|state| {
                                                                                                    self::r#no_entry_comma(state)
                                                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                                                        .and_then(|state| { self::r#entry(state) })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state.optional(|state| { state.match_string(",") })
                                })
                        })
                }
                #[inline]
                pub fn r#entry(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#entry,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .lookahead(
                                                false,
                                                |state| {
                                                    self::r#input(state)
                                                        .or_else(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    self::r#name(state)
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#row_equals(state) })
                                                                })
                                                        })
                                                },
                                            )
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        self::r#args(state)
                                                            .and_then(|state| { super::hidden::skip(state) })
                                                            .and_then(|state| {
                                                                state.lookahead(false, |state| { self::r#operator(state) })
                                                            })
                                                    })
                                                    .or_else(|state| { self::r#expr(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#row_equals(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#is(state).or_else(|state| { self::r#bad_equals(state) })
                }
                #[inline]
                pub fn r#operator(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .lookahead(false, |state| { state.match_string("=>") })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("+")
                                        .or_else(|state| { state.match_string("-") })
                                        .or_else(|state| { state.match_string("*") })
                                        .or_else(|state| { state.match_string("/") })
                                })
                        })
                }
                #[inline]
                pub fn r#claim(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#claim,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#EXPECT(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#new_name(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#relation(state)
                                                    .or_else(|state| { self::r#bad_relation(state) })
                                                    .or_else(|state| { self::r#no_relation(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#value(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#bad_thousands(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#relation(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#relation,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string(">=")
                                                        .or_else(|state| { state.match_string("<=") })
                                                        .or_else(|state| { state.match_string(">") })
                                                        .or_else(|state| { state.match_string("<") })
                                                        .or_else(|state| { state.match_string("=") })
                                                        .and_then(|state| {
                                                            state
                                                                .lookahead(
                                                                    false,
                                                                    |state| {
                                                                        state
                                                                            .match_string("=")
                                                                            .or_else(|state| { state.match_string(">") })
                                                                            .or_else(|state| { state.match_string("<") })
                                                                    },
                                                                )
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#recipe(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#recipe,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#TRAIN(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .optional(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                self::r#name(state)
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| {
                                                                        state.lookahead(false, |state| { self::r#is(state) })
                                                                    })
                                                            })
                                                            .or_else(|state| { self::r#bad_name(state) })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#settings(state)
                                                    .or_else(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                self::r#no_open(state)
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .sequence(|state| {
                                                                                state
                                                                                    .optional(|state| {
                                                                                        state
                                                                                            .sequence(|state| {
                                                                                                state
                                                                                                    .lookahead(
                                                                                                        true,
                                                                                                        |state| {
                                                                                                            state
                                                                                                                .sequence(|state| {
                                                                                                                    self::r#name(state)
                                                                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                                                                        .and_then(|state| { self::r#is(state) })
                                                                                                                })
                                                                                                        },
                                                                                                    )
                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                    .and_then(|state| { self::r#setting(state) })
                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                    .and_then(|state| {
                                                                                                        state.optional(|state| { state.match_string(",") })
                                                                                                    })
                                                                                            })
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .repeat(|state| {
                                                                                                        state
                                                                                                            .sequence(|state| {
                                                                                                                super::hidden::skip(state)
                                                                                                                    .and_then(|state| {
                                                                                                                        state
                                                                                                                            .sequence(|state| {
                                                                                                                                state
                                                                                                                                    .lookahead(
                                                                                                                                        true,
                                                                                                                                        |state| {
                                                                                                                                            state
                                                                                                                                                .sequence(|state| {
                                                                                                                                                    self::r#name(state)
                                                                                                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                                        .and_then(|state| { self::r#is(state) })
                                                                                                                                                })
                                                                                                                                        },
                                                                                                                                    )
                                                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                    .and_then(|state| { self::r#setting(state) })
                                                                                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                    .and_then(|state| {
                                                                                                                                        state.optional(|state| { state.match_string(",") })
                                                                                                                                    })
                                                                                                                            })
                                                                                                                    })
                                                                                                            })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#settings(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#settings,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string("{")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        self::r#setting(state)
                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                            .and_then(|state| {
                                                                                state.optional(|state| { state.match_string(",") })
                                                                            })
                                                                    })
                                                                    .or_else(|state| { self::r#bad_setting(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#setting(state)
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| {
                                                                                                                state.optional(|state| { state.match_string(",") })
                                                                                                            })
                                                                                                    })
                                                                                                    .or_else(|state| { self::r#bad_setting(state) })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string("}")
                                                    .or_else(|state| { self::r#no_close(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#setting(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#setting,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#name(state)
                                            .or_else(|state| { self::r#bad_name(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .lookahead(
                                                        false,
                                                        |state| {
                                                            state
                                                                .match_string("(")
                                                                .or_else(|state| { state.match_string("=>") })
                                                        },
                                                    )
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#equals(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#steps(state) })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#steps(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .sequence(|state| {
                            state
                                .lookahead(
                                    false,
                                    |state| {
                                        state
                                            .sequence(|state| {
                                                self::r#name(state)
                                                    .and_then(|state| { super::hidden::skip(state) })
                                                    .and_then(|state| { self::r#is(state) })
                                            })
                                    },
                                )
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#pipeline(state) })
                        })
                        .or_else(|state| { self::r#no_value(state) })
                }
                #[inline]
                pub fn r#pipeline(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#pipeline,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#expr(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        self::r#arrow(state)
                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                            .and_then(|state| { self::r#value(state) })
                                                                    })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        self::r#arrow(state)
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| { self::r#value(state) })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#lone_value(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#lone_value,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#SOI(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#pipeline(state)
                                                    .or_else(|state| { self::r#no_value(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#bad_rest(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#EOI(state) })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#name,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .lookahead(false, |state| { self::r#keyword(state) })
                                                        .and_then(|state| {
                                                            self::r#ASCII_ALPHA(state)
                                                                .or_else(|state| { state.match_string("_") })
                                                        })
                                                        .and_then(|state| {
                                                            state.repeat(|state| { self::r#word_char(state) })
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#new_name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#name(state)
                        .or_else(|state| { self::r#bad_name(state) })
                        .or_else(|state| { self::r#bad_new_name(state) })
                        .or_else(|state| { self::r#no_name(state) })
                }
                #[inline]
                pub fn r#keyword(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#keyword,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("net")
                                                        .or_else(|state| { state.match_string("use") })
                                                        .or_else(|state| { state.match_string("let") })
                                                        .or_else(|state| { state.match_string("block") })
                                                        .or_else(|state| { state.match_string("where") })
                                                        .or_else(|state| { state.match_string("expect") })
                                                        .or_else(|state| { state.match_string("train") })
                                                        .or_else(|state| { state.match_string("as") })
                                                        .and_then(|state| {
                                                            state.lookahead(false, |state| { self::r#word_char(state) })
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#NET(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#NET,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("net")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#USE(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#USE,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("use")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#LET(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#LET,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("let")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#BLOCK(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#BLOCK,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("block")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#WHERE(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#WHERE,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("where")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#EXPECT(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#EXPECT,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("expect")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#TRAIN(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#TRAIN,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("train")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#AS(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#AS,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("as")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#OUTPUT(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#OUTPUT,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("output")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#AUXILIARY(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#AUXILIARY,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("auxiliary")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#begins_head(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#OUTPUT(state)
                                .or_else(|state| { self::r#AUXILIARY(state) })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#name(state) })
                        })
                }
                #[inline]
                pub fn r#number(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#size(state)
                        .or_else(|state| { self::r#float(state) })
                        .or_else(|state| { self::r#bad_size(state) })
                        .or_else(|state| { self::r#integer(state) })
                        .or_else(|state| { self::r#bad_number(state) })
                }
                #[inline]
                pub fn r#integer(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#integer,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    self::r#digits(state)
                                                        .and_then(|state| { self::r#end_of_number(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#float(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#float,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    self::r#digits(state)
                                                        .and_then(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    self::r#fraction(state)
                                                                        .and_then(|state| {
                                                                            state.optional(|state| { self::r#exponent(state) })
                                                                        })
                                                                })
                                                                .or_else(|state| { self::r#exponent(state) })
                                                        })
                                                        .and_then(|state| { self::r#end_of_number(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#size(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#size,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    self::r#digits(state)
                                                        .and_then(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            state
                                                                                .match_string("x")
                                                                                .and_then(|state| { self::r#digits(state) })
                                                                        })
                                                                        .and_then(|state| {
                                                                            state
                                                                                .repeat(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .match_string("x")
                                                                                                .and_then(|state| { self::r#digits(state) })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                        .and_then(|state| { self::r#end_of_number(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#digits(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#ASCII_DIGIT(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    self::r#ASCII_DIGIT(state)
                                                        .or_else(|state| { state.match_string("_") })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    self::r#ASCII_DIGIT(state)
                                                                                        .or_else(|state| { state.match_string("_") })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                }
                #[inline]
                pub fn r#fraction(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string(".")
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#digits(state) })
                        })
                }
                #[inline]
                pub fn r#exponent(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string("e")
                                .or_else(|state| { state.match_string("E") })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .optional(|state| {
                                            state
                                                .match_string("+")
                                                .or_else(|state| { state.match_string("-") })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#digits(state) })
                        })
                }
                #[inline]
                pub fn r#string(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#string,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("\"")
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            state
                                                                                .match_string("\\")
                                                                                .and_then(|state| {
                                                                                    state.lookahead(false, |state| { self::r#NEWLINE(state) })
                                                                                })
                                                                                .and_then(|state| { self::r#ANY(state) })
                                                                        })
                                                                        .or_else(|state| {
                                                                            state
                                                                                .sequence(|state| {
                                                                                    state
                                                                                        .lookahead(
                                                                                            false,
                                                                                            |state| {
                                                                                                state
                                                                                                    .match_string("\"")
                                                                                                    .or_else(|state| { state.match_string("\\") })
                                                                                                    .or_else(|state| { self::r#NEWLINE(state) })
                                                                                            },
                                                                                        )
                                                                                        .and_then(|state| { self::r#ANY(state) })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                        .and_then(|state| { state.match_string("\"") })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#is(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#is,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("=")
                                                        .and_then(|state| {
                                                            state
                                                                .lookahead(
                                                                    false,
                                                                    |state| {
                                                                        state
                                                                            .match_string("=")
                                                                            .or_else(|state| { state.match_string(">") })
                                                                    },
                                                                )
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#equals(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#is(state)
                        .or_else(|state| { self::r#bad_equals(state) })
                        .or_else(|state| { self::r#no_equals(state) })
                }
                #[inline]
                pub fn r#word_char(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#ASCII_ALPHANUMERIC(state)
                        .or_else(|state| { state.match_string("_") })
                }
                #[inline]
                pub fn r#end_of_word(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.lookahead(false, |state| { self::r#word_char(state) })
                }
                #[inline]
                pub fn r#end_of_number(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .lookahead(
                            false,
                            |state| {
                                self::r#word_char(state)
                                    .or_else(|state| { state.match_string(".") })
                                    .or_else(|state| { state.match_string("×") })
                            },
                        )
                }
                #[inline]
                pub fn r#WHITESPACE(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .atomic(
                            ::pest::Atomicity::Atomic,
                            |state| {
                                state
                                    .match_string(" ")
                                    .or_else(|state| { state.match_string("\n") })
                                    .or_else(|state| { state.match_string("\t") })
                                    .or_else(|state| { state.match_string("\r") })
                            },
                        )
                }
                #[inline]
                pub fn r#COMMENT(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .atomic(
                            ::pest::Atomicity::Atomic,
                            |state| {
                                self::r#line_comment(state)
                                    .or_else(|state| { self::r#block_comment(state) })
                            },
                        )
                }
                #[inline]
                pub fn r#line_comment(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string("//")
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            state
                                                                .lookahead(false, |state| { self::r#NEWLINE(state) })
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| { self::r#ANY(state) })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .lookahead(false, |state| { self::r#NEWLINE(state) })
                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                .and_then(|state| { self::r#ANY(state) })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                }
                #[inline]
                pub fn r#block_comment(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string("/*")
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    self::r#block_comment(state)
                                                        .or_else(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    state
                                                                        .lookahead(false, |state| { state.match_string("*/") })
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#ANY(state) })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    self::r#block_comment(state)
                                                                                        .or_else(|state| {
                                                                                            state
                                                                                                .sequence(|state| {
                                                                                                    state
                                                                                                        .lookahead(false, |state| { state.match_string("*/") })
                                                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                                                        .and_then(|state| { self::r#ANY(state) })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { state.match_string("*/") })
                        })
                }
                #[inline]
                pub fn r#bad_item(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_item,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#bad_token(state)
                                            .or_else(|state| { state.match_string(",") })
                                            .or_else(|state| { state.match_string("|") })
                                            .or_else(|state| { self::r#number(state) })
                                            .or_else(|state| { self::r#string(state) })
                                            .or_else(|state| { self::r#AS(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#bad_token(state)
                                                                    .or_else(|state| { state.match_string(",") })
                                                                    .or_else(|state| { state.match_string("|") })
                                                                    .or_else(|state| { self::r#number(state) })
                                                                    .or_else(|state| { self::r#string(state) })
                                                                    .or_else(|state| { self::r#AS(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                self::r#bad_token(state)
                                                                                                    .or_else(|state| { state.match_string(",") })
                                                                                                    .or_else(|state| { state.match_string("|") })
                                                                                                    .or_else(|state| { self::r#number(state) })
                                                                                                    .or_else(|state| { self::r#string(state) })
                                                                                                    .or_else(|state| { self::r#AS(state) })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                                    .or_else(|state| { self::r#ANY(state) })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_assignment(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_assignment,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#name(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#is(state).or_else(|state| { self::r#bad_is(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#entries(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_chain(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_chain,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .lookahead(
                                                true,
                                                |state| {
                                                    state
                                                        .sequence(|state| {
                                                            self::r#call(state)
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| { self::r#arrow(state) })
                                                        })
                                                        .or_else(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    state
                                                                        .match_string("[")
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#chain(state) })
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { state.match_string("]") })
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#arrow(state) })
                                                                })
                                                        })
                                                },
                                            )
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#chain(state) })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_lead(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#bad_lead, |state| { self::r#arrow(state) })
                }
                #[inline]
                pub fn r#bad_comma(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#bad_comma, |state| { state.match_string(",") })
                }
                #[inline]
                pub fn r#bad_bar(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#bad_bar, |state| { state.match_string("|") })
                }
                #[inline]
                pub fn r#bad_arrow(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#bad_arrow, |state| { self::r#is(state) })
                }
                #[inline]
                pub fn r#bad_trailing_comma(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_trailing_comma,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .match_string(",")
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.lookahead(true, |state| { self::r#arrow(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_times(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_times,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("x")
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_times_number(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_times_number,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("x")
                                                        .and_then(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    self::r#ASCII_DIGIT(state)
                                                                        .and_then(|state| {
                                                                            state.repeat(|state| { self::r#ASCII_DIGIT(state) })
                                                                        })
                                                                })
                                                        })
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                        .and_then(|state| {
                                                            state
                                                                .lookahead(
                                                                    false,
                                                                    |state| {
                                                                        state
                                                                            .sequence(|state| {
                                                                                state
                                                                                    .repeat(|state| { self::r#WHITESPACE(state) })
                                                                                    .and_then(|state| {
                                                                                        self::r#is(state).or_else(|state| { self::r#bad_is(state) })
                                                                                    })
                                                                            })
                                                                    },
                                                                )
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_in_chain(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_in_chain,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#bad_token(state)
                                            .or_else(|state| { self::r#number(state) })
                                            .or_else(|state| { self::r#string(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#bad_token(state)
                                                                    .or_else(|state| { self::r#number(state) })
                                                                    .or_else(|state| { self::r#string(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                self::r#bad_token(state)
                                                                                                    .or_else(|state| { self::r#number(state) })
                                                                                                    .or_else(|state| { self::r#string(state) })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_stage(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_stage,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#bad_count(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#stage(state) })
                                    })
                                    .or_else(|state| {
                                        state
                                            .sequence(|state| {
                                                self::r#bad_name(state)
                                                    .or_else(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                self::r#bad_token(state)
                                                                    .or_else(|state| { self::r#number(state) })
                                                                    .or_else(|state| { self::r#string(state) })
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .sequence(|state| {
                                                                                state
                                                                                    .optional(|state| {
                                                                                        self::r#bad_token(state)
                                                                                            .or_else(|state| { self::r#number(state) })
                                                                                            .or_else(|state| { self::r#string(state) })
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .repeat(|state| {
                                                                                                        state
                                                                                                            .sequence(|state| {
                                                                                                                super::hidden::skip(state)
                                                                                                                    .and_then(|state| {
                                                                                                                        self::r#bad_token(state)
                                                                                                                            .or_else(|state| { self::r#number(state) })
                                                                                                                            .or_else(|state| { self::r#string(state) })
                                                                                                                    })
                                                                                                            })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                                    .and_then(|state| { super::hidden::skip(state) })
                                                    .and_then(|state| {
                                                        state.optional(|state| { self::r#args(state) })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_count(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_count,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#integer(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .match_string("*")
                                                    .or_else(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                state
                                                                    .match_string("x")
                                                                    .and_then(|state| { super::hidden::skip(state) })
                                                                    .and_then(|state| { self::r#end_of_word(state) })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_let(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_let,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("const")
                                                        .or_else(|state| { state.match_string("var") })
                                                        .or_else(|state| { state.match_string("val") })
                                                        .or_else(|state| { state.match_string("def") })
                                                        .or_else(|state| { state.match_string("auto") })
                                                        .or_else(|state| { state.match_string("static") })
                                                        .or_else(|state| { state.match_string("mut") })
                                                        .and_then(|state| { self::r#end_of_word(state) })
                                                        .and_then(|state| {
                                                            state
                                                                .lookahead(
                                                                    true,
                                                                    |state| {
                                                                        state
                                                                            .sequence(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        self::r#WHITESPACE(state)
                                                                                            .and_then(|state| {
                                                                                                state.repeat(|state| { self::r#WHITESPACE(state) })
                                                                                            })
                                                                                    })
                                                                                    .and_then(|state| {
                                                                                        state
                                                                                            .sequence(|state| {
                                                                                                self::r#word_char(state)
                                                                                                    .and_then(|state| {
                                                                                                        state.repeat(|state| { self::r#word_char(state) })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                                    .and_then(|state| {
                                                                                        state.repeat(|state| { self::r#WHITESPACE(state) })
                                                                                    })
                                                                                    .and_then(|state| { self::r#is(state) })
                                                                            })
                                                                    },
                                                                )
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_naming(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_naming,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .optional(|state| {
                                                self::r#LET(state)
                                                    .or_else(|state| { self::r#bad_let(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| { self::r#name(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                self::r#is(state).or_else(|state| { self::r#bad_is(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .lookahead(
                                                        true,
                                                        |state| {
                                                            state
                                                                .sequence(|state| {
                                                                    self::r#input(state)
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| {
                                                                            state.optional(|state| { self::r#args(state) })
                                                                        })
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#arrow(state) })
                                                                })
                                                        },
                                                    )
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_net_name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_net_name,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            self::r#word_char(state)
                                                                .and_then(|state| {
                                                                    state.repeat(|state| { self::r#word_char(state) })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    state
                                                                        .match_string("-")
                                                                        .or_else(|state| { state.match_string(".") })
                                                                        .and_then(|state| { self::r#word_char(state) })
                                                                        .and_then(|state| {
                                                                            state.repeat(|state| { self::r#word_char(state) })
                                                                        })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            state
                                                                                .match_string("-")
                                                                                .or_else(|state| { state.match_string(".") })
                                                                                .and_then(|state| { self::r#word_char(state) })
                                                                                .and_then(|state| {
                                                                                    state.repeat(|state| { self::r#word_char(state) })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_setting(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_setting,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#bad_token(state)
                                            .or_else(|state| { state.match_string(",") })
                                            .or_else(|state| { state.match_string("|") })
                                            .or_else(|state| { state.match_string(":") })
                                            .or_else(|state| { state.match_string("=") })
                                            .or_else(|state| { state.match_string("(") })
                                            .or_else(|state| { state.match_string(")") })
                                            .or_else(|state| { state.match_string("[") })
                                            .or_else(|state| { state.match_string("]") })
                                            .or_else(|state| { self::r#number(state) })
                                            .or_else(|state| { self::r#string(state) })
                                            .or_else(|state| { self::r#arrow(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#bad_token(state)
                                                                    .or_else(|state| { state.match_string(",") })
                                                                    .or_else(|state| { state.match_string("|") })
                                                                    .or_else(|state| { state.match_string(":") })
                                                                    .or_else(|state| { state.match_string("=") })
                                                                    .or_else(|state| { state.match_string("(") })
                                                                    .or_else(|state| { state.match_string(")") })
                                                                    .or_else(|state| { state.match_string("[") })
                                                                    .or_else(|state| { state.match_string("]") })
                                                                    .or_else(|state| { self::r#number(state) })
                                                                    .or_else(|state| { self::r#string(state) })
                                                                    .or_else(|state| { self::r#arrow(state) })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                self::r#bad_token(state)
                                                                                                    .or_else(|state| { state.match_string(",") })
                                                                                                    .or_else(|state| { state.match_string("|") })
                                                                                                    .or_else(|state| { state.match_string(":") })
                                                                                                    .or_else(|state| { state.match_string("=") })
                                                                                                    .or_else(|state| { state.match_string("(") })
                                                                                                    .or_else(|state| { state.match_string(")") })
                                                                                                    .or_else(|state| { state.match_string("[") })
                                                                                                    .or_else(|state| { state.match_string("]") })
                                                                                                    .or_else(|state| { self::r#number(state) })
                                                                                                    .or_else(|state| { self::r#string(state) })
                                                                                                    .or_else(|state| { self::r#arrow(state) })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_equals(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_equals,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .match_string(":=")
                                                .or_else(|state| { state.match_string("==") })
                                                .or_else(|state| { state.match_string(":") })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_is(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_is,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .match_string(":=")
                                                .or_else(|state| { state.match_string("==") })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_rest(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_rest,
                            |state| {
                                state
                                    .sequence(|state| {
                                        self::r#ANY(state)
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                self::r#ANY(state)
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| { self::r#ANY(state) })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_relation(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_relation,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("=")
                                                        .or_else(|state| { state.match_string(">") })
                                                        .or_else(|state| { state.match_string("<") })
                                                        .or_else(|state| { state.match_string(":") })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .match_string("=")
                                                                        .or_else(|state| { state.match_string(">") })
                                                                        .or_else(|state| { state.match_string("<") })
                                                                        .or_else(|state| { state.match_string(":") })
                                                                })
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_thousands(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_thousands,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .sequence(|state| {
                                                state
                                                    .match_string(",")
                                                    .and_then(|state| { super::hidden::skip(state) })
                                                    .and_then(|state| { self::r#integer(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .sequence(|state| {
                                                        state
                                                            .optional(|state| {
                                                                state
                                                                    .sequence(|state| {
                                                                        state
                                                                            .match_string(",")
                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                            .and_then(|state| { self::r#integer(state) })
                                                                    })
                                                                    .and_then(|state| {
                                                                        state
                                                                            .repeat(|state| {
                                                                                state
                                                                                    .sequence(|state| {
                                                                                        super::hidden::skip(state)
                                                                                            .and_then(|state| {
                                                                                                state
                                                                                                    .sequence(|state| {
                                                                                                        state
                                                                                                            .match_string(",")
                                                                                                            .and_then(|state| { super::hidden::skip(state) })
                                                                                                            .and_then(|state| { self::r#integer(state) })
                                                                                                    })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_path(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_path,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .lookahead(false, |state| { self::r#keyword(state) })
                                                        .and_then(|state| {
                                                            self::r#word_char(state)
                                                                .or_else(|state| { state.match_string(".") })
                                                                .or_else(|state| { state.match_string("/") })
                                                                .or_else(|state| { state.match_string("-") })
                                                                .or_else(|state| { state.match_string("*") })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    self::r#word_char(state)
                                                                        .or_else(|state| { state.match_string(".") })
                                                                        .or_else(|state| { state.match_string("/") })
                                                                        .or_else(|state| { state.match_string("-") })
                                                                        .or_else(|state| { state.match_string("*") })
                                                                })
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_name,
                            |state| { self::r#keyword_as_name(state) },
                        )
                }
                #[inline]
                pub fn r#bad_new_name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_new_name,
                            |state| {
                                self::r#string(state)
                                    .or_else(|state| { self::r#number(state) })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_size(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_size,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    self::r#digits(state)
                                                        .and_then(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            state
                                                                                .repeat(|state| { state.match_string(" ") })
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .match_string("x")
                                                                                        .or_else(|state| { state.match_string("X") })
                                                                                        .or_else(|state| { state.match_string("×") })
                                                                                })
                                                                                .and_then(|state| {
                                                                                    state.repeat(|state| { state.match_string(" ") })
                                                                                })
                                                                                .and_then(|state| { self::r#digits(state) })
                                                                        })
                                                                        .and_then(|state| {
                                                                            state
                                                                                .repeat(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .repeat(|state| { state.match_string(" ") })
                                                                                                .and_then(|state| {
                                                                                                    state
                                                                                                        .match_string("x")
                                                                                                        .or_else(|state| { state.match_string("X") })
                                                                                                        .or_else(|state| { state.match_string("×") })
                                                                                                })
                                                                                                .and_then(|state| {
                                                                                                    state.repeat(|state| { state.match_string(" ") })
                                                                                                })
                                                                                                .and_then(|state| { self::r#digits(state) })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                        .and_then(|state| { self::r#end_of_number(state) })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#bad_number(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#bad_number,
                            |state| {
                                state
                                    .atomic(
                                        ::pest::Atomicity::Atomic,
                                        |state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .optional(|state| { state.match_string(".") })
                                                        .and_then(|state| { self::r#ASCII_DIGIT(state) })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            state
                                                                                .match_string("e")
                                                                                .or_else(|state| { state.match_string("E") })
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .match_string("+")
                                                                                        .or_else(|state| { state.match_string("-") })
                                                                                })
                                                                        })
                                                                        .or_else(|state| { self::r#word_char(state) })
                                                                        .or_else(|state| { state.match_string(".") })
                                                                        .or_else(|state| { state.match_string("×") })
                                                                })
                                                        })
                                                })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#junk(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#junk,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .sequence(|state| {
                                                self::r#bad_token(state)
                                                    .and_then(|state| { super::hidden::skip(state) })
                                                    .and_then(|state| {
                                                        state
                                                            .sequence(|state| {
                                                                state
                                                                    .optional(|state| {
                                                                        self::r#bad_token(state)
                                                                            .and_then(|state| {
                                                                                state
                                                                                    .repeat(|state| {
                                                                                        state
                                                                                            .sequence(|state| {
                                                                                                super::hidden::skip(state)
                                                                                                    .and_then(|state| { self::r#bad_token(state) })
                                                                                            })
                                                                                    })
                                                                            })
                                                                    })
                                                            })
                                                    })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state.optional(|state| { self::r#expr(state) })
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#bad_token(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    self::r#bad_braces(state)
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .lookahead(false, |state| { state.match_string("=>") })
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            state
                                                .match_string("=")
                                                .or_else(|state| { state.match_string(":") })
                                                .or_else(|state| { state.match_string(".") })
                                                .or_else(|state| { state.match_string("<") })
                                                .or_else(|state| { state.match_string(">") })
                                                .or_else(|state| { state.match_string("+") })
                                                .or_else(|state| { state.match_string("*") })
                                                .or_else(|state| { state.match_string("/") })
                                                .or_else(|state| { state.match_string("-") })
                                                .or_else(|state| { state.match_string("×") })
                                        })
                                })
                        })
                }
                #[inline]
                pub fn r#bad_braces(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .sequence(|state| {
                            state
                                .match_string("{")
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            state
                                                                .lookahead(
                                                                    false,
                                                                    |state| {
                                                                        state
                                                                            .match_string("{")
                                                                            .or_else(|state| { state.match_string("}") })
                                                                            .or_else(|state| { self::r#next_item(state) })
                                                                    },
                                                                )
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| {
                                                                    self::r#string(state)
                                                                        .or_else(|state| { self::r#ANY(state) })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .lookahead(
                                                                                                    false,
                                                                                                    |state| {
                                                                                                        state
                                                                                                            .match_string("{")
                                                                                                            .or_else(|state| { state.match_string("}") })
                                                                                                            .or_else(|state| { self::r#next_item(state) })
                                                                                                    },
                                                                                                )
                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                .and_then(|state| {
                                                                                                    self::r#string(state)
                                                                                                        .or_else(|state| { self::r#ANY(state) })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { state.match_string("}") })
                        })
                        .or_else(|state| { state.match_string("{") })
                }
                #[inline]
                pub fn r#next_item(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#keyword(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .lookahead(
                                            false,
                                            |state| {
                                                self::r#is(state)
                                                    .or_else(|state| { state.match_string(",") })
                                                    .or_else(|state| { state.match_string(")") })
                                            },
                                        )
                                })
                        })
                }
                #[inline]
                pub fn r#keyword_as_name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#keyword(state)
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .lookahead(
                                            false,
                                            |state| {
                                                self::r#name(state)
                                                    .or_else(|state| { self::r#keyword(state) })
                                                    .or_else(|state| { self::r#string(state) })
                                                    .or_else(|state| { state.match_string("{") })
                                            },
                                        )
                                })
                        })
                }
                #[inline]
                pub fn r#no_name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_name, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_path(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_path, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_stage(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_stage, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_arrow(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#no_arrow,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .lookahead(false, |state| { self::r#input(state) })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .lookahead(false, |state| { self::r#begins_head(state) })
                                            })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .lookahead(
                                                        true,
                                                        |state| {
                                                            state
                                                                .sequence(|state| {
                                                                    self::r#name(state)
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| {
                                                                            state
                                                                                .lookahead(
                                                                                    false,
                                                                                    |state| {
                                                                                        self::r#is(state).or_else(|state| { self::r#bad_is(state) })
                                                                                    },
                                                                                )
                                                                        })
                                                                })
                                                                .or_else(|state| { state.match_string("(") })
                                                                .or_else(|state| { state.match_string("[") })
                                                        },
                                                    )
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#no_count(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_count, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_value(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_value, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_entry(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#no_entry,
                            |state| {
                                state.lookahead(true, |state| { state.match_string(",") })
                            },
                        )
                }
                #[inline]
                pub fn r#no_comma(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#no_comma,
                            |state| {
                                state
                                    .sequence(|state| {
                                        state
                                            .lookahead(false, |state| { state.match_string("=>") })
                                            .and_then(|state| { super::hidden::skip(state) })
                                            .and_then(|state| {
                                                state
                                                    .lookahead(
                                                        true,
                                                        |state| {
                                                            self::r#name(state)
                                                                .or_else(|state| { self::r#number(state) })
                                                                .or_else(|state| { self::r#string(state) })
                                                                .or_else(|state| { state.match_string("(") })
                                                                .or_else(|state| { state.match_string("[") })
                                                                .or_else(|state| { state.match_string("-") })
                                                                .or_else(|state| { self::r#keyword_as_name(state) })
                                                        },
                                                    )
                                            })
                                    })
                            },
                        )
                }
                #[inline]
                pub fn r#no_entry_comma(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#no_entry_comma,
                            |state| {
                                state
                                    .lookahead(
                                        true,
                                        |state| {
                                            self::r#number(state)
                                                .or_else(|state| { self::r#string(state) })
                                                .or_else(|state| { state.match_string("(") })
                                                .or_else(|state| { state.match_string("[") })
                                        },
                                    )
                            },
                        )
                }
                #[inline]
                pub fn r#no_equals(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_equals, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_relation(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_relation, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_row(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_row, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_open(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_open, |state| { state.match_string("") })
                }
                #[inline]
                pub fn r#no_close(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#no_close, |state| { state.match_string("") })
                }
                #[inline]
                pub fn ANY(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.skip(1)
                }
                #[inline]
                pub fn EOI(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::EOI, |state| state.end_of_input())
                }
                #[inline]
                pub fn SOI(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.start_of_input()
                }
                #[inline]
                pub fn ASCII_DIGIT(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.match_range('0'..'9')
                }
                #[inline]
                pub fn ASCII_ALPHA(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .match_range('a'..'z')
                        .or_else(|state| state.match_range('A'..'Z'))
                }
                #[inline]
                pub fn ASCII_ALPHANUMERIC(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .match_range('a'..'z')
                        .or_else(|state| state.match_range('A'..'Z'))
                        .or_else(|state| state.match_range('0'..'9'))
                }
                #[inline]
                pub fn NEWLINE(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .match_string("\n")
                        .or_else(|state| state.match_string("\r\n"))
                        .or_else(|state| state.match_string("\r"))
                }
            }
            pub use self::visible::*;
        }
        ::pest::state(
            input,
            |state| {
                match rule {
                    Rule::r#file => rules::r#file(state),
                    Rule::r#item => rules::r#item(state),
                    Rule::r#net => rules::r#net(state),
                    Rule::r#import => rules::r#import(state),
                    Rule::r#constant => rules::r#constant(state),
                    Rule::r#block => rules::r#block(state),
                    Rule::r#params => rules::r#params(state),
                    Rule::r#param => rules::r#param(state),
                    Rule::r#network => rules::r#network(state),
                    Rule::r#head => rules::r#head(state),
                    Rule::r#input => rules::r#input(state),
                    Rule::r#chain => rules::r#chain(state),
                    Rule::r#further => rules::r#further(state),
                    Rule::r#arrow => rules::r#arrow(state),
                    Rule::r#place => rules::r#place(state),
                    Rule::r#stage => rules::r#stage(state),
                    Rule::r#repeat => rules::r#repeat(state),
                    Rule::r#count => rules::r#count(state),
                    Rule::r#tap => rules::r#tap(state),
                    Rule::r#group => rules::r#group(state),
                    Rule::r#branches => rules::r#branches(state),
                    Rule::r#bar => rules::r#bar(state),
                    Rule::r#call => rules::r#call(state),
                    Rule::r#args => rules::r#args(state),
                    Rule::r#arg => rules::r#arg(state),
                    Rule::r#some_arg => rules::r#some_arg(state),
                    Rule::r#argument => rules::r#argument(state),
                    Rule::r#key => rules::r#key(state),
                    Rule::r#pair => rules::r#pair(state),
                    Rule::r#value => rules::r#value(state),
                    Rule::r#expr => rules::r#expr(state),
                    Rule::r#product => rules::r#product(state),
                    Rule::r#unary => rules::r#unary(state),
                    Rule::r#atom => rules::r#atom(state),
                    Rule::r#paren => rules::r#paren(state),
                    Rule::r#list => rules::r#list(state),
                    Rule::r#values => rules::r#values(state),
                    Rule::r#one => rules::r#one(state),
                    Rule::r#some_one => rules::r#some_one(state),
                    Rule::r#plus => rules::r#plus(state),
                    Rule::r#minus => rules::r#minus(state),
                    Rule::r#times => rules::r#times(state),
                    Rule::r#divide => rules::r#divide(state),
                    Rule::r#table => rules::r#table(state),
                    Rule::r#row => rules::r#row(state),
                    Rule::r#entries => rules::r#entries(state),
                    Rule::r#entry => rules::r#entry(state),
                    Rule::r#row_equals => rules::r#row_equals(state),
                    Rule::r#operator => rules::r#operator(state),
                    Rule::r#claim => rules::r#claim(state),
                    Rule::r#relation => rules::r#relation(state),
                    Rule::r#recipe => rules::r#recipe(state),
                    Rule::r#settings => rules::r#settings(state),
                    Rule::r#setting => rules::r#setting(state),
                    Rule::r#steps => rules::r#steps(state),
                    Rule::r#pipeline => rules::r#pipeline(state),
                    Rule::r#lone_value => rules::r#lone_value(state),
                    Rule::r#name => rules::r#name(state),
                    Rule::r#new_name => rules::r#new_name(state),
                    Rule::r#keyword => rules::r#keyword(state),
                    Rule::r#NET => rules::r#NET(state),
                    Rule::r#USE => rules::r#USE(state),
                    Rule::r#LET => rules::r#LET(state),
                    Rule::r#BLOCK => rules::r#BLOCK(state),
                    Rule::r#WHERE => rules::r#WHERE(state),
                    Rule::r#EXPECT => rules::r#EXPECT(state),
                    Rule::r#TRAIN => rules::r#TRAIN(state),
                    Rule::r#AS => rules::r#AS(state),
                    Rule::r#OUTPUT => rules::r#OUTPUT(state),
                    Rule::r#AUXILIARY => rules::r#AUXILIARY(state),
                    Rule::r#begins_head => rules::r#begins_head(state),
                    Rule::r#number => rules::r#number(state),
                    Rule::r#integer => rules::r#integer(state),
                    Rule::r#float => rules::r#float(state),
                    Rule::r#size => rules::r#size(state),
                    Rule::r#digits => rules::r#digits(state),
                    Rule::r#fraction => rules::r#fraction(state),
                    Rule::r#exponent => rules::r#exponent(state),
                    Rule::r#string => rules::r#string(state),
                    Rule::r#is => rules::r#is(state),
                    Rule::r#equals => rules::r#equals(state),
                    Rule::r#word_char => rules::r#word_char(state),
                    Rule::r#end_of_word => rules::r#end_of_word(state),
                    Rule::r#end_of_number => rules::r#end_of_number(state),
                    Rule::r#WHITESPACE => rules::r#WHITESPACE(state),
                    Rule::r#COMMENT => rules::r#COMMENT(state),
                    Rule::r#line_comment => rules::r#line_comment(state),
                    Rule::r#block_comment => rules::r#block_comment(state),
                    Rule::r#bad_item => rules::r#bad_item(state),
                    Rule::r#bad_assignment => rules::r#bad_assignment(state),
                    Rule::r#bad_chain => rules::r#bad_chain(state),
                    Rule::r#bad_lead => rules::r#bad_lead(state),
                    Rule::r#bad_comma => rules::r#bad_comma(state),
                    Rule::r#bad_bar => rules::r#bad_bar(state),
                    Rule::r#bad_arrow => rules::r#bad_arrow(state),
                    Rule::r#bad_trailing_comma => rules::r#bad_trailing_comma(state),
                    Rule::r#bad_times => rules::r#bad_times(state),
                    Rule::r#bad_times_number => rules::r#bad_times_number(state),
                    Rule::r#bad_in_chain => rules::r#bad_in_chain(state),
                    Rule::r#bad_stage => rules::r#bad_stage(state),
                    Rule::r#bad_count => rules::r#bad_count(state),
                    Rule::r#bad_let => rules::r#bad_let(state),
                    Rule::r#bad_naming => rules::r#bad_naming(state),
                    Rule::r#bad_net_name => rules::r#bad_net_name(state),
                    Rule::r#bad_setting => rules::r#bad_setting(state),
                    Rule::r#bad_equals => rules::r#bad_equals(state),
                    Rule::r#bad_is => rules::r#bad_is(state),
                    Rule::r#bad_rest => rules::r#bad_rest(state),
                    Rule::r#bad_relation => rules::r#bad_relation(state),
                    Rule::r#bad_thousands => rules::r#bad_thousands(state),
                    Rule::r#bad_path => rules::r#bad_path(state),
                    Rule::r#bad_name => rules::r#bad_name(state),
                    Rule::r#bad_new_name => rules::r#bad_new_name(state),
                    Rule::r#bad_size => rules::r#bad_size(state),
                    Rule::r#bad_number => rules::r#bad_number(state),
                    Rule::r#junk => rules::r#junk(state),
                    Rule::r#bad_token => rules::r#bad_token(state),
                    Rule::r#bad_braces => rules::r#bad_braces(state),
                    Rule::r#next_item => rules::r#next_item(state),
                    Rule::r#keyword_as_name => rules::r#keyword_as_name(state),
                    Rule::r#no_name => rules::r#no_name(state),
                    Rule::r#no_path => rules::r#no_path(state),
                    Rule::r#no_stage => rules::r#no_stage(state),
                    Rule::r#no_arrow => rules::r#no_arrow(state),
                    Rule::r#no_count => rules::r#no_count(state),
                    Rule::r#no_value => rules::r#no_value(state),
                    Rule::r#no_entry => rules::r#no_entry(state),
                    Rule::r#no_comma => rules::r#no_comma(state),
                    Rule::r#no_entry_comma => rules::r#no_entry_comma(state),
                    Rule::r#no_equals => rules::r#no_equals(state),
                    Rule::r#no_relation => rules::r#no_relation(state),
                    Rule::r#no_row => rules::r#no_row(state),
                    Rule::r#no_open => rules::r#no_open(state),
                    Rule::r#no_close => rules::r#no_close(state),
                    Rule::EOI => rules::EOI(state),
                }
            },
        )
    }
}
