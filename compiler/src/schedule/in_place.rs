//! Buffers: which values share memory for good, and from when to when each buffer is needed.
//!
//! A step that may run in place overwrites its input if nobody reads that again. If the step's output has its place in a
//! CONCAT, the input moves there with it.

use crate::program::{Program, UnitId, UnitKind};

use super::concat::{Channels, Concats};
use super::pack::{Lifetime, bytes};
use super::values::Values;

/// Where a value lies in its buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The buffer.
    pub(crate) buffer: usize,
    /// First channel, and channels of the buffer's pixel; `None` if the value is the whole buffer.
    pub(crate) channels: Option<(usize, usize)>,
}

/// The buffers and what lies in them.
pub(crate) struct Buffers {
    places: Vec<Option<Place>>,
    /// Size and time of each buffer; times are units.
    pub(crate) lifetimes: Vec<Lifetime>,
}

impl Buffers {
    /// `until`: for each unit a time until which its value is needed beside its readers.
    pub(crate) fn assign(
        program: &Program,
        values: &Values,
        concats: &Concats,
        until: &[usize],
    ) -> Self {
        let ends = Ends::find(program, values, concats, until);
        let mut cells = Cells::default();
        for id in 0..program.units.len() {
            cells.enter(program, values, concats, &ends, id);
        }
        cells.into_buffers(program, &ends)
    }

    /// Where a unit's value lies; `None` for the network's input, which the caller holds.
    pub(crate) fn place(&self, id: UnitId) -> Option<Place> {
        self.places[id]
    }
}

/// When values are read for the last time.
struct Ends {
    /// The last reader of the value, through the concatenations that it is a part of.
    value: Vec<usize>,
    /// The last reader of the value or of any part of it.
    parts: Vec<usize>,
}

impl Ends {
    fn find(program: &Program, values: &Values, concats: &Concats, until: &[usize]) -> Self {
        let count = program.units.len();
        let mut value: Vec<usize> = (0..count).map(|id| id.max(until[id])).collect();
        for (id, unit) in program.units.iter().enumerate().rev() {
            match unit.kind {
                UnitKind::Input | UnitKind::Reshape | UnitKind::Slice { .. } => {}
                UnitKind::Run { .. } => {
                    for input in &unit.inputs {
                        let root = values.root(*input);
                        value[root] = value[root].max(id);
                    }
                }
                UnitKind::Concat => {
                    for part in concats.parts(id) {
                        let root = values.root(part.input);
                        let until = if part.copied { id } else { value[id] };
                        value[root] = value[root].max(until);
                    }
                }
            }
        }

        // Units that are computed together read and write until the last of them is done.
        for group in &program.by_rows {
            let read = program.units[group.start].inputs.iter();
            for id in read.map(|input| values.root(*input)).chain(group.clone()) {
                value[id] = value[id].max(group.end - 1);
            }
        }

        let mut parts = value.clone();
        for id in 0..count {
            for part in concats.parts(id).iter().filter(|part| !part.copied) {
                parts[id] = parts[id].max(parts[values.root(part.input)]);
            }
        }
        Self { value, parts }
    }
}

/// The unit during which a value may be written first.
fn first_of_group(program: &Program, id: UnitId) -> UnitId {
    let group = program.by_rows.partition_point(|group| group.end <= id);
    let group = program.by_rows.get(group);
    group.map_or(id, |group| group.start.min(id))
}

/// Values that share one place, one after the other.
struct Cell {
    channels: Option<Channels>,
    /// Holds the parts of a CONCAT, so that it cannot move into another.
    fixed: bool,
    dense: bool,
    bytes: usize,
}

#[derive(Default)]
struct Cells {
    cells: Vec<Cell>,
    /// The cell of each unit; `None` for the input and for views of others.
    of: Vec<Option<usize>>,
}

impl Cells {
    fn enter(
        &mut self,
        program: &Program,
        values: &Values,
        concats: &Concats,
        ends: &Ends,
        id: UnitId,
    ) {
        let unit = &program.units[id];
        if unit.kind == UnitKind::Input || unit.is_view() {
            self.of.push(None);
            return;
        }
        let read: Vec<UnitId> = unit.inputs.iter().map(|i| values.root(*i)).collect();
        let candidates = (0..read.len()).filter(|operand| {
            let input = read[*operand];
            let others = (0..read.len()).filter(|other| !unit.in_place(*other));
            unit.in_place(*operand)
                && ends.parts[input] <= id
                && program.units[input].shape == unit.shape
                && others
                    .into_iter()
                    .all(|other| !self.holds(input, read[other]))
        });
        let candidates: Vec<UnitId> = candidates.map(|operand| read[operand]).collect();
        let shared = candidates
            .into_iter()
            .find_map(|input| self.overwrite(values, concats, input, id));
        let cell = shared.unwrap_or_else(|| {
            self.cells.push(Cell {
                channels: concats.channels(id),
                fixed: unit.kind == UnitKind::Concat,
                dense: values.is_dense(id),
                bytes: bytes(unit.shape),
            });
            self.cells.len() - 1
        });
        self.of.push(Some(cell));
    }

    /// Whether a value's place holds that of another: they share it, or the other is a part of it.
    fn holds(&self, value: UnitId, other: UnitId) -> bool {
        let place = self.of[value];
        let mut inner = self.of[other];
        while let Some(cell) = inner {
            if inner == place {
                return true;
            }
            // A CONCAT that is yet to come has no place.
            let channels = self.cells[cell].channels;
            inner = channels.and_then(|channels| self.of.get(channels.within).copied().flatten());
        }
        false
    }

    /// Lets the value of `id` take the place of its input, which dies there, if both can have the same place.
    fn overwrite(
        &mut self,
        values: &Values,
        concats: &Concats,
        input: UnitId,
        id: UnitId,
    ) -> Option<usize> {
        let index = self.of[input]?;
        let cell = &mut self.cells[index];
        match (cell.channels, concats.channels(id)) {
            (None, None) => {}
            (None, Some(channels)) if !cell.fixed && !cell.dense => cell.channels = Some(channels),
            // A part of a wider buffer would keep all of it alive.
            _ => return None,
        }
        cell.dense |= values.is_dense(id);
        Some(index)
    }

    fn into_buffers(self, program: &Program, ends: &Ends) -> Buffers {
        let mut lifetimes: Vec<Lifetime> = Vec::new();
        let mut own_buffer: Vec<Option<usize>> = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            own_buffer.push(cell.channels.is_none().then(|| {
                lifetimes.push(Lifetime {
                    bytes: cell.bytes,
                    from: usize::MAX,
                    to: 0,
                });
                lifetimes.len() - 1
            }));
        }
        let mut places = Vec::with_capacity(self.of.len());
        for (id, cell) in self.of.iter().enumerate() {
            let place = cell.and_then(|cell| {
                let Some(channels) = self.cells[cell].channels else {
                    return own_buffer[cell].map(|buffer| Place {
                        buffer,
                        channels: None,
                    });
                };
                let within = self.of[channels.within].and_then(|cell| own_buffer[cell]);
                within.map(|buffer| Place {
                    buffer,
                    channels: Some((channels.first, program.units[channels.within].shape[2])),
                })
            });
            if let Some(place) = place {
                let lifetime = &mut lifetimes[place.buffer];
                lifetime.from = lifetime.from.min(first_of_group(program, id));
                lifetime.to = lifetime.to.max(ends.value[id]);
            }
            places.push(place);
        }
        Buffers { places, lifetimes }
    }
}
