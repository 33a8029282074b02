//! Rectangles in a photograph.

/// A rectangle, in pixels from the photograph's left upper corner; it may reach beyond the photograph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Where it begins.
    pub left: f32,
    /// Where it begins.
    pub top: f32,
    /// Where it ends.
    pub right: f32,
    /// Where it ends.
    pub bottom: f32,
}

impl Area {
    /// From its left to its right side.
    #[must_use]
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// From its upper to its lower side.
    #[must_use]
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// The sides moved by shares of the size: left, top, right, bottom, as all three networks give them.
    #[must_use]
    pub fn moved(&self, by: [f32; 4]) -> Self {
        Self {
            left: self.left + by[0] * self.width(),
            top: self.top + by[1] * self.height(),
            right: self.right + by[2] * self.width(),
            bottom: self.bottom + by[3] * self.height(),
        }
    }

    /// The smallest square around it, with the same middle.
    #[must_use]
    pub fn square(&self) -> Self {
        let side = self.width().max(self.height());
        let left = self.left + (self.width() - side) / 2.0;
        let top = self.top + (self.height() - side) / 2.0;
        Self {
            left,
            top,
            right: left + side,
            bottom: top + side,
        }
    }

    /// What both cover, as a share of what they cover together.
    #[must_use]
    pub fn of_union(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        shared / (self.size() + other.size() - shared)
    }

    /// What both cover, as a share of the smaller one: all of it, if one lies in the other.
    #[must_use]
    pub fn of_smaller(&self, other: &Self) -> f32 {
        self.shared(other) / self.size().min(other.size())
    }

    fn size(&self) -> f32 {
        self.width() * self.height()
    }

    fn shared(&self, other: &Self) -> f32 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }
}
