//! Shapes: what each layer gives, and whether it fits what it is given.
//!
//! A layer that does not fit is reported once; its shape stays unknown, and so does all that depends on it, silently.

mod channels;
mod deconv;
mod join;
mod limits;
mod window;

use crate::graph::{Graph, Layer, Node, NodeId, Order, Shape};
use crate::layers;
use crate::report::{Report, within};
use netc_grammar::{Code, Diagnostic, Span};
use netc_plan::{GroupNorm, Op, Operation, Shuffle};

/// Fills in every shape, the cells of `same`, and the channels of DWCONV.
pub fn infer(graph: &mut Graph, diagnostics: &mut Vec<Diagnostic>) {
    let mut report = Report::new(diagnostics);
    for index in 0..graph.nodes.len() {
        let (before, rest) = graph.nodes.split_at_mut(index);
        let Some(node) = rest.first_mut() else { break };
        let mut site = Site { before, node };
        match site.infer() {
            Ok(shape) => site.node.shape = shape,
            Err(Some(error)) => report.push(within(*error, &rest[0].used_at)),
            Err(None) => {}
        }
    }
    warn_repeated_activations(graph, &mut report);
    limits::check_total(graph, &mut report);
}

/// `Err(None)`: unknown, because of what has been reported already.
type Inferred<T = Shape> = Result<T, Option<Box<Diagnostic>>>;

/// A layer among those before it.
struct Site<'a> {
    before: &'a [Node],
    node: &'a mut Node,
}

impl Site<'_> {
    fn infer(&mut self) -> Inferred {
        let shape = match &self.node.layer {
            Layer::Input(shape) => *shape,
            Layer::Op(Op::Add(_)) => return self.add(),
            Layer::Op(Op::Mul(_)) => return self.mul(),
            Layer::Concat => return self.concat(),
            _ => self.of_layer()?,
        };
        self.bounded(shape)
    }

    fn of_layer(&mut self) -> Inferred {
        let input = self.input()?;
        match self.node.layer.clone() {
            Layer::Conv(conv) => self.conv(conv),
            Layer::Deconv(deconv) => self.deconv(deconv),
            Layer::Pool(pool) => self.pool(pool),
            Layer::Subsample { window, stride } => self.subsample(window, stride),
            Layer::Fc { units, .. } => {
                self.weights_bounded(&[units, input.elements()])?;
                Ok(Shape::Vector(units))
            }
            Layer::Rbf { classes } => {
                self.weights_bounded(&[classes, input.elements()])?;
                Ok(Shape::Vector(classes))
            }
            Layer::Split { parts, .. } => self.split(parts),
            Layer::Op(Op::Slice(slice)) => self.slice(slice),
            Layer::Op(op) => self.operation(op),
            Layer::Flatten(Order::Hwc | Order::Chw) => Ok(Shape::Vector(input.elements())),
            Layer::BatchNorm { .. }
            | Layer::Dropout { .. }
            | Layer::Activation(_)
            | Layer::Input(_)
            | Layer::Concat => Ok(input),
        }
    }

    /// What an operation of the plan's table gives for what comes in: a picture, or a vector where each pixel is on its own.
    fn operation(&self, op: Op) -> Inferred {
        let input = self.input()?;
        let shape = match input {
            Shape::Vector(n) if op.takes_vectors() => {
                self.fitting(op.with_input([1, 1, n]), input)?;
                return Ok(input);
            }
            _ => self.picture()?,
        };
        let op = op.with_input(shape);
        let output = self.bounded(Shape::Picture(op.output()))?;
        self.fitting(op, input)?;
        Ok(output)
    }

    /// That an operation of the plan's table can take what comes in.
    fn fitting(&self, op: Op, input: Shape) -> Inferred<()> {
        let Some(problem) = op.problem() else {
            return Ok(());
        };
        let [_, _, channels] = op.input();
        if let Op::GroupNorm(GroupNorm { groups, .. }) | Op::Shuffle(Shuffle { groups, .. }) = op {
            let error = self.parted(channels, "channels", groups);
            return Err(Some(Box::new(self.with_source(error))));
        }
        let kind = layers::kind(&self.node.layer);
        let error = self.error(
            Code::E0403,
            format!("{kind} cannot take {input}: {problem}"),
        );
        Err(Some(Box::new(self.with_source(
            error.primary("this does not fit what comes in"),
        ))))
    }

    /// That so many channels or filters are not groups of one size.
    fn parted(&self, n: usize, what: &str, groups: usize) -> Diagnostic {
        let headline = format!("{n} {what} cannot be parted into {groups} groups");
        let remainder = n % groups.max(1);
        let text = format!("{n} / {groups} leaves a remainder of {remainder}");
        self.error(Code::E0403, headline).primary(text)
    }

    /// The node that this one reads.
    fn source(&self) -> Option<&Node> {
        self.node.inputs.first().map(|id| &self.before[id.0])
    }

    /// The shape that comes in.
    fn input(&self) -> Inferred {
        match self.source().map(|n| n.shape) {
            None | Some(Shape::Unknown) => Err(None),
            Some(shape) => Ok(shape),
        }
    }

    /// The picture that comes in; a vector is an error.
    fn picture(&self) -> Inferred<[usize; 3]> {
        match self.input()? {
            Shape::Picture(hwc) => Ok(hwc),
            Shape::Unknown => Err(None),
            Shape::Vector(n) => {
                let kind = layers::kind(&self.node.layer);
                let error = self.error(
                    Code::E0402,
                    format!("{kind} needs a picture, and a vector of {n} comes in"),
                );
                let error =
                    self.with_source(error.primary("this works on height x width x channels"));
                Err(Some(Box::new(match self.picture_of_input() {
                    Some(picture) => {
                        error.help(format!("say what picture goes in: `INPUT({picture})`"))
                    }
                    None => {
                        error.help(format!("put {kind} before the layer that makes the vector"))
                    }
                })))
            }
        }
    }

    /// The square picture that the network's vector may be, where nothing else has made it one.
    fn picture_of_input(&self) -> Option<Shape> {
        let mut node = self.source()?;
        while let Some(&id) = node.inputs.first() {
            node = &self.before[id.0];
            if !matches!(node.shape, Shape::Vector(_)) {
                return None;
            }
        }
        let Layer::Input(Shape::Vector(n)) = node.layer else {
            return None;
        };
        let square = |c: usize| {
            let side = (n / c).isqrt();
            (side > 4 && side * side * c == n).then_some(Shape::Picture([side, side, c]))
        };
        [1, 3].into_iter().find_map(square)
    }

    fn error(&self, code: Code, headline: impl Into<String>) -> Diagnostic {
        let error = Diagnostic::error(code, headline, self.node.span);
        match self.node.table {
            Some(entry) => error.label(entry, "its sizes"),
            None => error,
        }
    }

    /// Labels the layer before as the cause: "this POOL gives 6x6x256".
    fn with_source(&self, error: Diagnostic) -> Diagnostic {
        match self.node.inputs.first() {
            Some(&id) => self.with_cause(error, id),
            None => error,
        }
    }

    fn with_cause(&self, error: Diagnostic, id: NodeId) -> Diagnostic {
        let cause = &self.before[id.0];
        match other_use(cause, self.node) {
            Some(place) => error.label(place, format!("this gives {}", cause.shape)),
            None => error.label(
                cause.span,
                format!("this {} gives {}", layers::kind(&cause.layer), cause.shape),
            ),
        }
    }
}

/// The use of a block that made `cause` and did not make `node`: the layer's own place may be the same for both.
fn other_use(cause: &Node, node: &Node) -> Option<Span> {
    let shared = cause
        .used_at
        .iter()
        .rev()
        .zip(node.used_at.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    cause.used_at.iter().rev().nth(shared).copied()
}

/// `RELU => RELU` is a slip.
fn warn_repeated_activations(graph: &Graph, report: &mut Report) {
    for node in &graph.nodes {
        let Some(source) = node.inputs.first().filter(|_| node.inputs.len() == 1) else {
            continue;
        };
        let before = graph.node(*source);
        let twice = match (&node.layer, &before.layer) {
            (Layer::Activation(a), Layer::Activation(b)) => a == b,
            (Layer::Op(Op::Softmax(_)), Layer::Op(Op::Softmax(_)))
            | (Layer::BatchNorm { .. }, Layer::BatchNorm { .. }) => true,
            _ => false,
        };
        if twice {
            let kind = layers::kind(&node.layer);
            let warning = Diagnostic::warning(
                Code::W0005,
                format!("{kind} directly after {kind}"),
                node.span,
            )
            .primary("the second one");
            let first = other_use(before, node).unwrap_or(before.span);
            let warning = if first == node.span {
                warning.note("it is repeated")
            } else {
                warning.label(first, "the first one")
            };
            report.push(within(warning, &node.used_at));
        }
    }
}
