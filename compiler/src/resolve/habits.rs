//! What hands bring along from Keras and PyTorch: arguments that are layers here, channels that come in by themselves, shapes with
//! channels first.
//!
//! Each is one mistake with one edit; what was meant goes on, so that nothing else is said about it.

use crate::layers::{self, LayerKind, LayerSpec};
use crate::options::Kind;
use crate::value::{Argument, Value};
use netc_grammar::ast::{Arg, BinaryOp, Expr, ExprKind};
use netc_grammar::{Code, Diagnostic, Sources, Span};
use netc_plan::Op;

/// Options of others that say what is known here, or has no counterpart.
const NEEDLESS: &[(&str, &str)] = &[
    ("in_channels", "the channels that come in are known"),
    ("in_features", "what comes in is known"),
    ("num_features", "the channels that come in are known"),
    ("input_dim", "what comes in is known"),
    (
        "input_shape",
        "the shape that comes in is known: INPUT says it",
    ),
    ("inplace", "the compiler decides what is computed in place"),
    ("data_format", "pictures are height x width x channels"),
    ("num_channels", "the channels that come in are known"),
    (
        "normalized_shape",
        "it is always over the channels that come in",
    ),
    ("affine", "a normalisation always has weights of its own"),
    (
        "elementwise_affine",
        "a normalisation always has weights of its own",
    ),
    ("track_running_stats", "BN always keeps running statistics"),
];

/// A layer with its arguments, somewhere in the text.
pub(super) struct Site<'a> {
    pub(super) spec: &'static LayerSpec,
    /// The call, or the entry of a `where` table.
    pub(super) span: Span,
    /// Whether it is a call: an entry can bring no other layer with it.
    pub(super) is_call: bool,
    pub(super) sources: &'a Sources,
    pub(super) errors: Vec<Diagnostic>,
}

impl Site<'_> {
    /// The arguments without those that are no arguments here. `defined`: whether a name stands for a value.
    pub(super) fn arguments(&mut self, args: &[Arg], defined: &dyn Fn(&str) -> bool) -> Vec<Arg> {
        let mut kept = Vec::new();
        for (index, arg) in args.iter().enumerate() {
            let error = self
                .activation(args, index, defined)
                .or_else(|| self.needless(args, index));
            match error {
                Some(error) => self.errors.push(error),
                None => kept.push(arg.clone()),
            }
        }
        let mut position = 0;
        for arg in &mut kept {
            let option = match &arg.name {
                Some(name) => self.spec.options.iter().find(|o| o.is_called(&name.node)),
                None => {
                    position += 1;
                    self.spec.options.get(position - 1)
                }
            };
            if option.is_some_and(|o| o.kind == Kind::Window) {
                self.product(&mut arg.value);
            }
        }
        kept
    }

    /// `CONV(8, 3x3, relu)`, `FC(10, activation="softmax")`
    fn activation(
        &self,
        args: &[Arg],
        index: usize,
        defined: &dyn Fn(&str) -> bool,
    ) -> Option<Diagnostic> {
        let arg = &args[index];
        let named = match &arg.name {
            Some(name) if name.node == "activation" => true,
            Some(_) => return None,
            None => false,
        };
        let (ExprKind::Name(word) | ExprKind::Str(word)) = &arg.value.kind else {
            return None;
        };
        let layer = layers::find_in_any_case(word).filter(|layer| layer.is_activation());
        let none = named && matches!(word.as_str(), "linear" | "None" | "none");
        if (layer.is_none() && !none) || defined(word) {
            return None;
        }
        let headline = "an activation is a layer of its own".to_owned();
        let error = Diagnostic::error(Code::E0302, headline, arg.span)
            .primary(format!("not an argument of {}", self.spec.name));
        Some(match layer {
            Some(layer) if self.is_call => {
                let call = format!("{} => {}", self.without(args, index), layer.name);
                error.edit(
                    format!("put `=> {}` behind it", layer.name),
                    self.span,
                    call,
                )
            }
            Some(layer) => error.help(format!(
                "write `=> {}` behind the layer in the chain",
                layer.name
            )),
            None => error.edit("leave it out", self.span, self.without(args, index)),
        })
    }

    /// `in_channels=3`, `name="conv1"`
    fn needless(&self, args: &[Arg], index: usize) -> Option<Diagnostic> {
        let name = args[index].name.as_ref()?;
        if self.spec.options.iter().any(|o| o.is_called(&name.node)) {
            return None;
        }
        let headline = format!("{} has no option `{}`", self.spec.name, name.node);
        let error = Diagnostic::error(Code::E0302, headline, name.span);
        if name.node == "name" {
            return Some(error.help("name the layer behind its arguments: `as stem`"));
        }
        let (_, why) = NEEDLESS
            .iter()
            .find(|(needless, _)| *needless == name.node)?;
        let without = self.without(args, index);
        Some(error.primary(*why).edit("leave it out", self.span, without))
    }

    /// `3*3` for a kernel: 9 says nothing about its sides.
    fn product(&mut self, value: &mut Expr) {
        let ExprKind::Binary(BinaryOp::Mul, a, b) = &value.kind else {
            return;
        };
        let (ExprKind::Int(a), ExprKind::Int(b)) = (&a.kind, &b.kind) else {
            return;
        };
        let size = format!("{a}x{b}");
        self.errors.push(
            Diagnostic::error(
                Code::E0119,
                format!("a size is written `{size}`"),
                value.span,
            )
            .primary("this is a product")
            .edit("write it so", value.span, size),
        );
        value.kind = ExprKind::Size(vec![*a, *b]);
    }

    /// The text of the whole without one argument.
    fn without(&self, args: &[Arg], index: usize) -> String {
        let text = |from: u32, to: u32| {
            self.sources.slice(Span {
                start: from,
                end: to,
                ..self.span
            })
        };
        let (from, to) = match (
            index.checked_sub(1).map(|before| &args[before]),
            args.get(index + 1),
        ) {
            (Some(before), _) => (before.span.end, args[index].span.end),
            (None, Some(after)) => (args[index].span.start, after.span.start),
            (None, None) => (args[index].span.start, args[index].span.end),
        };
        format!("{}{}", text(self.span.start, from), text(to, self.span.end))
    }

    /// Puts right what the values themselves give away.
    pub(super) fn values(&mut self, args: &mut Vec<Argument>) {
        match self.spec.kind {
            LayerKind::Input => self.shape(args),
            LayerKind::Conv | LayerKind::Deconv => self.channels_of_conv(args),
            // In a table, `(10, 20)` may stand for two entries.
            LayerKind::Fc if self.is_call => self.channels_of_fc(args),
            LayerKind::BatchNorm | LayerKind::Op(Op::LayerNorm(_)) => self.channels_of_norm(args),
            LayerKind::Op(Op::GroupNorm(_)) => self.channels_of_groups(args),
            _ => {}
        }
        self.stride_as_pad(args);
    }

    /// `INPUT(28, 28, 1)`, `shape=(3, 224, 224)`
    fn shape(&mut self, args: &mut Vec<Argument>) {
        let [first, rest @ ..] = args.as_slice() else {
            return;
        };
        let given = match &first.value.node {
            Value::Tuple(items) | Value::List(items) => {
                items.iter().map(|item| item.node.as_size()).collect()
            }
            Value::Int(_) => {
                let numbers = rest.iter().take_while(|a| a.name.is_none());
                [first]
                    .into_iter()
                    .chain(numbers)
                    .map(|a| a.value.node.as_size())
                    .collect()
            }
            _ => None,
        };
        let Some(numbers): Option<Vec<usize>> = given else {
            return;
        };
        let sizes = match numbers[..] {
            [a, b, c] if channels_first([a, b, c]) => vec![b, c, a],
            [a, b, c] => vec![a, b, c],
            [a, b] => vec![a, b, 1],
            _ => return,
        };
        let count = if matches!(first.value.node, Value::Int(_)) {
            numbers.len()
        } else {
            1
        };
        let whole = first.value.span.to_end_of(args[count - 1].span);
        let value = Value::Size {
            sizes,
            stride: None,
        };
        let error = Diagnostic::error(Code::E0306, "the shape of INPUT is one size", whole)
            .primary("height x width x channels")
            .edit(format!("write `{value}`"), whole, value.to_string());
        self.errors.push(error);
        args[0].value.node = value;
        args.drain(1..count);
    }

    /// `CONV(3, 64, 7)`: PyTorch's order, the channels that come in first, then kernel, stride and padding as numbers.
    fn channels_of_conv(&mut self, args: &mut Vec<Argument>) {
        let positional = args.iter().take_while(|a| a.name.is_none()).count();
        let numbers: Vec<Option<usize>> = args[..positional]
            .iter()
            .map(|a| a.value.node.as_size())
            .collect();
        let kernel_named = args[positional..].iter().any(|a| {
            a.name
                .as_ref()
                .is_some_and(|n| matches!(n.node.as_str(), "kernel" | "kernel_size"))
        });
        let (count, kernel) = match numbers[..] {
            [Some(_), Some(_)] if kernel_named => (2, None),
            [Some(_), Some(_), kernel, ..] => (positional, Some(kernel)),
            _ => return,
        };
        let filters = &args[1];
        let whole = args[0].span.to_end_of(args[count - 1].span);
        let mut written = self.sources.slice(filters.value.span).to_owned();
        if let Some(kernel) = kernel {
            let size = match (kernel, &args[2].value.node) {
                (Some(n), _) => format!("{n}x{n}"),
                (None, value @ Value::Size { .. }) => value.to_string(),
                (None, _) => return,
            };
            let stride = numbers.get(3).copied().flatten().filter(|&n| n != 1);
            let stride = stride.map_or(String::new(), |n| format!("/{n}"));
            written += &format!(", {size}{stride}");
            if let Some(pad) = args.get(4).filter(|_| positional > 4) {
                written += &format!(", {}", self.sources.slice(pad.span));
            }
        }
        self.errors.push(
            Diagnostic::error(
                Code::E0304,
                format!("{} is not told the channels that come in", self.spec.name),
                args[0].span,
            )
            .primary("these are known")
            .note("it takes `filters`, `kernel` and `pad`; the stride follows the kernel: `3x3/2`")
            .edit(format!("write `{written}`"), whole, written),
        );
        let unknown = |at: usize| Argument {
            value: crate::value::Valued {
                node: Value::Unknown,
                span: args[at].span,
            },
            ..args[at].clone()
        };
        let meant = if kernel.is_some() {
            vec![filters.clone(), unknown(2)]
        } else {
            vec![filters.clone()]
        };
        args.splice(..count, meant);
    }

    /// `FC(512, 10)`
    fn channels_of_fc(&mut self, args: &mut Vec<Argument>) {
        let [first, second, ..] = args.as_slice() else {
            return;
        };
        let number = |a: &Argument| a.name.is_none() && a.value.node.as_size().is_some();
        if !number(first) || !number(second) {
            return;
        }
        let whole = first.span.to_end_of(second.span);
        let units = self.sources.slice(second.value.span);
        self.errors.push(
            Diagnostic::error(
                Code::E0304,
                "FC is not told how many numbers come in",
                first.span,
            )
            .primary("this is known")
            .edit(format!("write `{units}`"), whole, units),
        );
        args.remove(0);
    }

    /// `GROUPNORM(32, 64)`
    fn channels_of_groups(&mut self, args: &mut Vec<Argument>) {
        let [groups, second, ..] = &args[..] else {
            return;
        };
        let channels = second.value.node.as_size();
        let (Some(channels), None) = (channels.filter(|&n| n >= 1), &second.name) else {
            return;
        };
        let span = Span {
            start: groups.span.end,
            ..second.span
        };
        self.errors.push(
            self.known_channels(channels, second.span)
                .edit("leave it out", span, ""),
        );
        args.remove(1);
    }

    fn known_channels(&self, channels: usize, span: Span) -> Diagnostic {
        let name = self.spec.name;
        let headline = format!("{name} is not told its channels: {channels} would be `eps`");
        Diagnostic::error(Code::E0307, headline, span)
            .primary("the channels that come in are known")
    }

    /// `BN(64)`, `LN(64)`
    fn channels_of_norm(&mut self, args: &mut Vec<Argument>) {
        let Some(first) = args.first().filter(|a| a.name.is_none()) else {
            return;
        };
        let Some(channels) = first.value.node.as_size().filter(|&n| n >= 1) else {
            return;
        };
        let error = self.known_channels(channels, first.span);
        let (span, replacement) = match args.get(1) {
            None if self.is_call => (self.span, self.spec.name),
            None => (first.span, ""),
            Some(next) => (before(first.span.to_end_of(next.span), next.span), ""),
        };
        self.errors
            .push(error.edit("leave it out", span, replacement));
        args.remove(0);
    }

    /// `POOL(3x3, 2)`, `CONV(8, 3x3, 2)`: a number behind the size is padding, and was probably meant as its stride.
    fn stride_as_pad(&mut self, args: &[Argument]) {
        let pooling = match self.spec.kind {
            LayerKind::MaxPool | LayerKind::AvgPool => true,
            LayerKind::Conv | LayerKind::DwConv => false,
            _ => return,
        };
        let at = if self.spec.kind == LayerKind::Conv {
            1
        } else {
            0
        };
        let (Some(size), Some(pad)) = (args.get(at), args.get(at + 1)) else {
            return;
        };
        let option = |name: &str| self.spec.options.iter().find(|o| o.name == name);
        let given = |a: &Argument, name| {
            let option = option(name);
            a.name
                .as_ref()
                .is_some_and(|n| option.is_some_and(|o| o.is_called(&n.node)))
        };
        let (
            Value::Size {
                sizes,
                stride: None,
            },
            Some(cells),
        ) = (&size.value.node, pad.value.node.as_size())
        else {
            return;
        };
        let by_position = args[..=at + 1].iter().all(|a| a.name.is_none());
        if !by_position || args.iter().any(|a| given(a, "stride")) {
            return;
        }
        let dilated = args.iter().any(|a| given(a, "dilation"));
        let half = sizes.iter().max().map_or(0, |n| n / 2);
        if cells == 0 || (!pooling && (cells <= half || dilated)) {
            return;
        }
        let kind = self.spec.name;
        let what = if pooling { "window" } else { "kernel" };
        let strided = format!("{}/{cells}", size.value.node);
        self.errors.push(
            Diagnostic::warning(
                Code::W0006,
                format!("the {cells} behind {} is padding, not the stride", size.value.node),
                pad.span,
            )
            .primary(format!("cells of padding around the picture of this {kind}"))
            .note(format!("the stride follows the {what}: `{strided}`; padding that is meant has its name: `pad={cells}`"))
            .edit(format!("for a stride of {cells}, write `{strided}`"), size.span.to_end_of(pad.span), strided),
        );
    }
}

/// A place up to another.
fn before(span: Span, end: Span) -> Span {
    Span {
        end: end.start,
        ..span
    }
}

/// Whether a shape looks like PyTorch's: a few channels, then a square picture.
pub(super) fn channels_first([channels, height, width]: [usize; 3]) -> bool {
    channels <= 4 && height == width && height > 4
}

/// `INPUT(3x224x224)`, where it is written.
pub(super) fn warn_channels_first(args: &[Argument]) -> Option<Diagnostic> {
    let shape = args.first()?;
    let Value::Size { sizes, .. } = &shape.value.node else {
        return None;
    };
    let &[c, h, w] = sizes.as_slice() else {
        return None;
    };
    if !channels_first([c, h, w]) {
        return None;
    }
    let headline =
        format!("channels come last: this picture is {c} high, {h} wide and has {w} channels");
    let warning = Diagnostic::warning(Code::W0007, headline, shape.value.span)
        .primary("height x width x channels");
    Some(if shape.literal {
        let meant = format!("{h}x{w}x{c}");
        warning.edit(
            format!("for {c} channels, write `{meant}`"),
            shape.value.span,
            meant,
        )
    } else {
        warning
    })
}
