//! A curve in a terminal: dots of Braille's alphabet, two by four in a cell.

/// What is drawn along the whole width, which is the whole run.
pub(super) struct Chart {
    title: &'static str,
    scale: Scale,
    rows: usize,
    /// For each column of dots the sum of its values and their number.
    training: Vec<(f64, u32)>,
    /// The same for each column of cells.
    validation: Vec<(f64, u32)>,
}

/// How values become heights.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// By their logarithms: losses, of which the small ones matter.
    Logarithm,
    /// As they are: shares.
    Percent,
}

/// What stands left of the curve.
const LABEL: usize = 7;
/// Dots of a cell, side by side and on top of each other.
const DOTS: [usize; 2] = [2, 4];
/// The bits of a cell's dots, from the top left, row by row.
const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
const BLANK: u32 = 0x2800;

const BLUE: &str = "\u{1b}[36m";
const ORANGE: &str = "\u{1b}[33m";
const PLAIN: &str = "\u{1b}[0m";

/// A cell: the dots of the training curve, or a mark of the validation set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Dots(u32),
    Mark,
}

impl Chart {
    /// A chart of so many characters in all, labels included, and so many rows under its title.
    pub(super) fn new(title: &'static str, scale: Scale, width: usize, rows: usize) -> Self {
        let cells = width.saturating_sub(LABEL).max(1);
        Self {
            title,
            scale,
            rows,
            training: vec![(0.0, 0); DOTS[0] * cells],
            validation: vec![(0.0, 0); cells],
        }
    }

    /// A value of the training set at this share of the run.
    pub(super) fn add(&mut self, at: f64, value: f64) {
        add(&mut self.training, at, value);
    }

    /// A value of the validation set.
    pub(super) fn mark(&mut self, at: f64, value: f64) {
        add(&mut self.validation, at, value);
    }

    /// The title and the rows, each as wide as the chart.
    pub(super) fn lines(&self, colour: bool) -> Vec<String> {
        let cells = self.validation.len();
        let title = format!("{:>LABEL$}", format!("{} ", self.title));
        let legend = match colour {
            true => format!("{BLUE}training{PLAIN} {ORANGE}● validation{PLAIN}"),
            false => "training ● validation".to_owned(),
        };
        let room = cells.saturating_sub("training ● validation".chars().count());
        let mut lines = vec![format!("{title}{legend}{}", " ".repeat(room))];
        let Some([low, high]) = self.range() else {
            lines.extend((0..self.rows).map(|_| " ".repeat(LABEL + cells)));
            return lines;
        };
        let grid = self.grid([low, high]);
        for (y, row) in grid.chunks_exact(cells).enumerate() {
            let label = match y {
                0 => self.label(high),
                y if y + 1 == self.rows => self.label(low),
                _ => String::new(),
            };
            lines.push(format!(
                "{label:>width$} {}",
                text(row, colour),
                width = LABEL - 1
            ));
        }
        lines
    }

    /// The cells, row by row.
    fn grid(&self, range: [f64; 2]) -> Vec<Cell> {
        let cells = self.validation.len();
        let mut grid = vec![Cell::Dots(0); cells * self.rows];
        let mut before = None;
        for (x, value) in means(&self.training) {
            let y = self.height(value, range);
            // Up or down to it from the neighbour, so that the curve holds together.
            let from = match before {
                Some((column, height)) if column + 1 == x => height,
                _ => y,
            };
            for dot in from.min(y)..=from.max(y) {
                let cell = dot / DOTS[1] * cells + x / DOTS[0];
                if let Cell::Dots(bits) = &mut grid[cell] {
                    *bits |= BITS[dot % DOTS[1]][x % DOTS[0]];
                }
            }
            before = Some((x, y));
        }
        for (column, value) in means(&self.validation) {
            grid[self.height(value, range) / DOTS[1] * cells + column] = Cell::Mark;
        }
        grid
    }

    /// The row of dots of a value, from the top.
    fn height(&self, value: f64, [low, high]: [f64; 2]) -> usize {
        let dots = DOTS[1] * self.rows;
        let [value, low, high] = [value, low, high].map(|value| self.scaled(value));
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        (((1.0 - share) * (dots - 1) as f64).round() as usize).min(dots - 1)
    }

    fn scaled(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Logarithm => value.max(1e-12).ln(),
            Scale::Percent => value,
        }
    }

    /// The smallest and the largest value, apart from each other.
    fn range(&self) -> Option<[f64; 2]> {
        let all = means(&self.training).chain(means(&self.validation));
        let all = all.map(|(_, value)| value);
        let [low, high] = all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
            [low.min(value), high.max(value)]
        });
        let apart = |low: f64, high: f64| match self.scale {
            Scale::Logarithm if high > 1.01 * low && low > 0.0 => [low, high],
            Scale::Logarithm => [low.max(1e-12) / 1.1, high.max(1e-12) * 1.1],
            Scale::Percent if high - low > 0.001 => [low, high],
            Scale::Percent => [(low - 0.01).max(0.0), (high + 0.01).min(1.0)],
        };
        (low <= high).then(|| apart(low, high))
    }

    fn label(&self, value: f64) -> String {
        match self.scale {
            Scale::Percent => format!("{:.1}%", 100.0 * value),
            Scale::Logarithm if value >= 1000.0 => format!("{value:.0e}"),
            Scale::Logarithm if value >= 10.0 => format!("{value:.1}"),
            Scale::Logarithm if value >= 1e-3 => format!("{value:.3}"),
            Scale::Logarithm => format!("{value:.0e}"),
        }
    }
}

/// Adds a value to the column that it belongs to, at this share of all.
fn add(columns: &mut [(f64, u32)], at: f64, value: f64) {
    let column = (at.clamp(0.0, 1.0) * columns.len() as f64) as usize;
    let (sum, count) = &mut columns[column.min(columns.len() - 1)];
    if value.is_finite() {
        (*sum, *count) = (*sum + value, *count + 1);
    }
}

/// The columns that have values, and the means of these.
fn means(columns: &[(f64, u32)]) -> impl Iterator<Item = (usize, f64)> {
    let all = columns.iter().enumerate();
    let some = all.filter(|(_, (_, count))| *count > 0);
    some.map(|(column, (sum, count))| (column, sum / f64::from(*count)))
}

/// A row of cells.
fn text(row: &[Cell], colour: bool) -> String {
    let mut text = String::new();
    for part in row.chunk_by(|a, b| (*a == Cell::Mark) == (*b == Cell::Mark)) {
        let code = if part[0] == Cell::Mark { ORANGE } else { BLUE };
        let signs = part.iter().map(|cell| match cell {
            Cell::Mark => '●',
            Cell::Dots(0) => ' ',
            Cell::Dots(bits) => char::from_u32(BLANK + bits).unwrap_or(' '),
        });
        let signs: String = signs.collect();
        match colour {
            true => text.extend([code, &signs, PLAIN]),
            false => text += &signs,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accuracy() -> Chart {
        let mut chart = Chart::new("acc.", Scale::Percent, 17, 3);
        for x in 0..20 {
            chart.add(f64::from(x) / 20.0, f64::from(x) / 20.0);
        }
        chart
    }

    #[test]
    fn a_rising_curve_rises() {
        let mut chart = accuracy();
        chart.mark(1.0, 0.0);
        let lines = chart.lines(false);
        assert_eq!(lines[0], "  acc. training ● validation");
        assert!(
            lines[1..].iter().all(|line| line.chars().count() == 17),
            "{lines:#?}"
        );
        assert!(
            lines[1].starts_with(" 95.0% ") && lines[3].starts_with("  0.0% "),
            "{lines:#?}"
        );
        assert!(lines[3].ends_with('●'), "{lines:#?}");
        // The upper row has its dots at the right, the lower one at the left.
        let first = |line: &str| line.chars().skip(LABEL).position(|c| c != ' ');
        assert!(first(&lines[1]) > first(&lines[2]) && first(&lines[2]) > first(&lines[3]));
    }

    #[test]
    fn nothing_and_one_value_can_be_drawn() {
        for scale in [Scale::Percent, Scale::Logarithm] {
            let mut chart = Chart::new("loss", scale, 30, 4);
            assert_eq!(chart.lines(false).len(), 5);
            chart.add(0.5, 0.0);
            chart.add(0.5, f64::NAN);
            chart.mark(0.5, f64::INFINITY);
            let lines = chart.lines(true);
            assert_eq!(lines.len(), 5);
            assert!(!lines.concat().contains("NaN"));
        }
        assert_eq!(
            Chart::new("loss", Scale::Percent, 0, 1).lines(false).len(),
            2
        );
    }
}
