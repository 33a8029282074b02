//! The messages of an ONNX file, as `onnx.proto` has them: the fields that matter to networks. Others are passed over.
//!
//! prost reads and writes them: fields in any order, packed or not, nested at most a hundred deep, and no longer than the file
//! is. Tensors' bytes are parts of the file's own.

use bytes::Bytes;
use prost::DecodeError;
use prost::Message;
use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, skip_field};

/// How a field of each kind is read, written and measured.
macro_rules! field {
    (merge one $module:ident $field:expr, $wire:expr, $buf:expr, $ctx:expr) => {
        prost::encoding::$module::merge($wire, $field.get_or_insert_default(), $buf, $ctx)
    };
    (merge many $module:ident $field:expr, $wire:expr, $buf:expr, $ctx:expr) => {
        prost::encoding::$module::merge_repeated($wire, &mut $field, $buf, $ctx)
    };
    (write one $module:ident $tag:literal $field:expr, $buf:expr) => {
        if let Some(value) = &$field {
            prost::encoding::$module::encode($tag, value, $buf);
        }
    };
    (write many $module:ident $tag:literal $field:expr, $buf:expr) => {
        prost::encoding::$module::encode_repeated($tag, &$field, $buf)
    };
    (length one $module:ident $tag:literal $field:expr) => {
        $field.as_ref().map_or(0, |value| {
            prost::encoding::$module::encoded_len($tag, value)
        })
    };
    (length many $module:ident $tag:literal $field:expr) => {
        prost::encoding::$module::encoded_len_repeated($tag, &$field)
    };
}

macro_rules! field_type {
    (one $type:ty) => { Option<$type> };
    (many $type:ty) => { Vec<$type> };
}

macro_rules! messages {
    ($($(#[$about:meta])* $name:ident { $($tag:literal $field:ident: $count:ident $type:ty as $module:ident,)* })*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, Default, PartialEq)]
            pub(crate) struct $name {
                $(pub(crate) $field: field_type!($count $type),)*
            }

            impl Message for $name {
                fn encode_raw(&self, buf: &mut impl BufMut) {
                    let _ = &buf;
                    $(field!(write $count $module $tag self.$field, buf);)*
                }

                fn merge_field(
                    &mut self,
                    tag: u32,
                    wire: WireType,
                    buf: &mut impl Buf,
                    ctx: DecodeContext,
                ) -> Result<(), DecodeError> {
                    match tag {
                        $($tag => field!(merge $count $module self.$field, wire, buf, ctx),)*
                        _ => skip_field(wire, tag, buf, ctx),
                    }
                }

                fn encoded_len(&self) -> usize {
                    [$(field!(length $count $module $tag self.$field)),*].iter().sum()
                }

                fn clear(&mut self) {
                    *self = Self::default();
                }
            }
        )*
    };
}

messages! {
    /// The file.
    Model {
        1 ir_version: one i64 as int64,
        2 producer: one String as string,
        3 producer_version: one String as string,
        7 graph: one Graph as message,
        8 opsets: many Opset as message,
        25 functions: many Function as message,
    }
    /// Which operators mean what: a domain and its version.
    Opset {
        1 domain: one String as string,
        2 version: one i64 as int64,
    }
    /// An operator that the file defines; only its name matters, as none is read.
    Function {
        1 name: one String as string,
    }
    Graph {
        1 nodes: many Node as message,
        2 name: one String as string,
        5 initializers: many Tensor as message,
        11 inputs: many ValueInfo as message,
        12 outputs: many ValueInfo as message,
        15 sparse: many Empty as message,
    }
    Node {
        1 inputs: many String as string,
        2 outputs: many String as string,
        3 name: one String as string,
        4 op: one String as string,
        5 attributes: many Attribute as message,
        7 domain: one String as string,
    }
    Attribute {
        1 name: one String as string,
        2 f: one f32 as float,
        3 i: one i64 as int64,
        4 s: one Bytes as bytes,
        5 t: one Tensor as message,
        6 g: one Empty as message,
        7 floats: many f32 as float,
        8 ints: many i64 as int64,
        9 strings: many Bytes as bytes,
        20 kind: one i32 as int32,
    }
    Tensor {
        1 dims: many i64 as int64,
        2 data_type: one i32 as int32,
        4 floats: many f32 as float,
        5 ints: many i32 as int32,
        7 longs: many i64 as int64,
        8 name: one String as string,
        9 raw: one Bytes as bytes,
        10 doubles: many f64 as double,
        13 external: many Entry as message,
        14 location: one i32 as int32,
    }
    Entry {
        1 key: one String as string,
        2 value: one String as string,
    }
    ValueInfo {
        1 name: one String as string,
        2 kind: one Type as message,
    }
    Type {
        1 tensor: one TensorType as message,
    }
    TensorType {
        1 element: one i32 as int32,
        2 shape: one Shape as message,
    }
    Shape {
        1 dims: many Dim as message,
    }
    /// A number, or a name for one that is not known.
    Dim {
        1 value: one i64 as int64,
        2 name: one String as string,
    }
    /// A message that is not looked into.
    Empty {}
}

/// Types of a tensor's numbers.
pub(crate) mod data_type {
    pub(crate) const FLOAT: i32 = 1;
    pub(crate) const UINT8: i32 = 2;
    pub(crate) const INT8: i32 = 3;
    pub(crate) const UINT16: i32 = 4;
    pub(crate) const INT16: i32 = 5;
    pub(crate) const INT32: i32 = 6;
    pub(crate) const INT64: i32 = 7;
    pub(crate) const BOOL: i32 = 9;
    pub(crate) const FLOAT16: i32 = 10;
    pub(crate) const DOUBLE: i32 = 11;
    pub(crate) const BFLOAT16: i32 = 16;
}

/// Kinds of attributes.
pub(crate) mod attribute {
    pub(crate) const FLOAT: i32 = 1;
    pub(crate) const INT: i32 = 2;
    pub(crate) const STRING: i32 = 3;
    pub(crate) const INTS: i32 = 7;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() -> Result<(), DecodeError> {
        let node = Node {
            inputs: vec!["x".to_owned(), String::new()],
            op: Some("Conv".to_owned()),
            attributes: vec![Attribute {
                name: Some("pads".to_owned()),
                ints: vec![0, 1, -1],
                kind: Some(attribute::INTS),
                ..Attribute::default()
            }],
            ..Node::default()
        };
        let bytes = node.encode_to_vec();
        assert_eq!(Node::decode(&bytes[..])?, node);
        Ok(())
    }

    #[test]
    fn lists_may_be_packed_or_not() -> Result<(), DecodeError> {
        // Field 8, once as varints one by one, once as bytes that hold all.
        let one_by_one = [0x40, 3, 0x40, 4];
        let packed = [0x42, 2, 3, 4];
        for bytes in [one_by_one, packed] {
            assert_eq!(Attribute::decode(&bytes[..])?.ints, [3, 4]);
        }
        Ok(())
    }
}
