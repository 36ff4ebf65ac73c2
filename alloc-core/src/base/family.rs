//! Families of size classes, each with arenas of its own.

use crate::config::{CLASSES, SMALL_CLASSES, WIDE_CLASSES};
use crate::grid::Grid;

/// The tiers that have classes: each has arenas of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Pools of one page, blocks of at most 512 bytes.
    Small,
    /// Pools of several pages, blocks of at most 60 KiB.
    Slab,
    /// The same of wide pages, blocks of at most 128 KiB.
    WideSlab,
}

impl Family {
    /// Every family, by its number.
    pub(crate) const ALL: [Self; 3] = [Self::Small, Self::Slab, Self::WideSlab];

    /// How its arenas are cut.
    #[inline]
    pub(crate) const fn grid(self) -> Grid {
        match self {
            Self::Small | Self::Slab => Grid::Narrow,
            Self::WideSlab => Grid::Wide,
        }
    }

    /// The family of the class with this number.
    #[inline]
    pub(crate) const fn of_class(index: usize) -> Self {
        if index < SMALL_CLASSES {
            Self::Small
        } else if index < CLASSES - WIDE_CLASSES {
            Self::Slab
        } else {
            Self::WideSlab
        }
    }
}
