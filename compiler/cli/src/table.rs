//! Tables in plain text.

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells under a heading.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(head: &[(&'static str, Align)]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it has as many cells as the head.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.head.len());
        self.rows.push(cells);
    }

    /// The text, a line a row; columns are two spaces apart and nothing trails.
    pub(crate) fn render(&self) -> String {
        let widths: Vec<usize> = self
            .head
            .iter()
            .enumerate()
            .map(|(i, (title, _))| {
                let cells = self.rows.iter().map(|row| width(&row[i]));
                cells.max().unwrap_or(0).max(width(title))
            })
            .collect();
        let head: Vec<String> = self.head.iter().map(|(t, _)| (*t).to_owned()).collect();
        let rule: Vec<String> = widths.iter().map(|w| "-".repeat(*w)).collect();
        let mut text = String::new();
        for row in [&head, &rule].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for ((cell, (_, align)), column) in row.iter().zip(&self.head).zip(&widths) {
                let space = " ".repeat(column.saturating_sub(width(cell)));
                match align {
                    Align::Left => line += &format!("{cell}{space}  "),
                    Align::Right => line += &format!("{space}{cell}  "),
                }
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("name", Align::Left), ("n", Align::Right)]);
        table.row(vec!["a".into(), "1".into()]);
        table.row(vec!["long name".into(), "12".into()]);
        let wanted = "name        n\n---------  --\na           1\nlong name  12\n";
        assert_eq!(table.render(), wanted);
    }
}
