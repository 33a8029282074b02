//! Lines of a drawing, kept as points until they are written, so that a part of a drawing can be moved and turned over.

use std::fmt::{self, Display, Formatter};

/// x and y.
pub(super) type Point = (i64, i64);

/// How sharply routed lines turn.
const RADIUS: i64 = 10;

/// One stroke, from where the last one ended.
#[derive(Clone, Copy)]
enum Stroke {
    Move(Point),
    Line(Point),
    /// A corner: towards the first point, ending in the second.
    Corner(Point, Point),
    /// Two control points and the end.
    Curve(Point, Point, Point),
}

impl Stroke {
    fn end(self) -> Point {
        match self {
            Stroke::Move(to)
            | Stroke::Line(to)
            | Stroke::Corner(_, to)
            | Stroke::Curve(_, _, to) => to,
        }
    }
}

/// A line.
#[derive(Default)]
pub(super) struct Path(Vec<Stroke>);

impl Path {
    pub(super) fn from(start: Point) -> Self {
        Self(vec![Stroke::Move(start)])
    }

    /// Along these points, each straight above or beside the one before it, with round corners.
    pub(super) fn along(points: &[Point]) -> Self {
        let mut points = points.to_vec();
        points.dedup();
        let Some((&start, rest)) = points.split_first() else {
            return Self::default();
        };
        let mut path = Self::from(start);
        let mut from = start;
        for (i, &to) in rest.iter().enumerate() {
            let Some(&next) = rest.get(i + 1) else {
                return path.line(to);
            };
            let radius = RADIUS
                .min(distance(from, to) / 2)
                .min(distance(to, next) / 2);
            path = path.line(towards(to, from, radius));
            let end = towards(to, next, radius);
            path.0.push(Stroke::Corner(to, end));
            from = end;
        }
        path
    }

    pub(super) fn line(mut self, to: Point) -> Self {
        if self.end() != Some(to) {
            self.0.push(Stroke::Line(to));
        }
        self
    }

    /// Leaves and arrives vertically.
    pub(super) fn curve(mut self, to: Point) -> Self {
        match self.end() {
            Some(from) if from.0 != to.0 => {
                let middle = (from.1 + to.1) / 2;
                self.0
                    .push(Stroke::Curve((from.0, middle), (to.0, middle), to));
                self
            }
            _ => self.line(to),
        }
    }

    fn end(&self) -> Option<Point> {
        self.0.last().map(|stroke| stroke.end())
    }

    /// With what was at `y` at `sum - y`.
    pub(super) fn turned_over(self, sum: i64) -> Self {
        let over = |(x, y): Point| (x, sum - y);
        let strokes = self.0.into_iter().map(|stroke| match stroke {
            Stroke::Move(to) => Stroke::Move(over(to)),
            Stroke::Line(to) => Stroke::Line(over(to)),
            Stroke::Corner(by, to) => Stroke::Corner(over(by), over(to)),
            Stroke::Curve(by, and, to) => Stroke::Curve(over(by), over(and), over(to)),
        });
        Self(strokes.collect())
    }
}

fn distance(a: Point, b: Point) -> i64 {
    (a.0 - b.0).abs() + (a.1 - b.1).abs()
}

/// The point `steps` from `from` on the way to `to`, which is straight above or beside it.
fn towards(from: Point, to: Point, steps: i64) -> Point {
    (
        from.0 + (to.0 - from.0).signum() * steps,
        from.1 + (to.1 - from.1).signum() * steps,
    )
}

/// The data of an SVG path.
impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut at = (0, 0);
        for stroke in &self.0 {
            match *stroke {
                Stroke::Move((x, y)) => write!(f, "M{x} {y}")?,
                Stroke::Line((x, y)) if x == at.0 => write!(f, "V{y}")?,
                Stroke::Line((x, y)) if y == at.1 => write!(f, "H{x}")?,
                Stroke::Line((x, y)) => write!(f, "L{x} {y}")?,
                Stroke::Corner((bx, by), (x, y)) => write!(f, "Q{bx} {by} {x} {y}")?,
                Stroke::Curve((ax, ay), (bx, by), (x, y)) => {
                    write!(f, "C{ax} {ay} {bx} {by} {x} {y}")?;
                }
            }
            at = stroke.end();
        }
        Ok(())
    }
}
